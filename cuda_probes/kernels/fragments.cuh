// The operands of the exact tensor-core tests: whole numbers from -8 to 7, a function of seed, step, warp and place.

constexpr u32 STEPS = 4;

__device__ __forceinline__ int whole(u32 seed, u32 step, u32 warp, u32 row, u32 column, u32 matrix) {
    return static_cast<int>(mix(seed + ((((step * WARPS + warp) * 2 + matrix) * 16 + row) * 16 + column)) >> 28) - 8;
}

// The fragments of a 16x8 by 8x8 product of 16-bit numbers, two to a register.
template <u32 (*encode)(int)>
__device__ __forceinline__ void pairs(u32 seed, u32 step, u32 constant, u32 (&a)[2], u32 &b) {
    const u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = lane / 4, k = lane % 4 * 2;
    for (u32 part = 0; part < 2; ++part) {
        const int first = whole(seed, step, warp, row + 8 * part, k, 0) ^ static_cast<int>(constant);
        const int second = whole(seed, step, warp, row + 8 * part, k + 1, 0) ^ static_cast<int>(constant);
        a[part] = encode(first) | encode(second) << 16;
    }
    b = encode(whole(seed, step, warp, k, row, 1)) | encode(whole(seed, step, warp, k + 1, row, 1)) << 16;
}

__device__ __forceinline__ u64 digest_of(const float (&sum)[4]) {
    u64 digest = 0;
    for (int i = 0; i < 4; ++i) digest = fold(digest, __float_as_uint(sum[i]));
    return digest;
}
