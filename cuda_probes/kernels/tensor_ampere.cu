// Tensor cores, what compute capability 8.0 adds: BF16, TF32 and FP64.

#include "arithmetic.cuh"
#include "fragments.cuh"

__device__ __forceinline__ u32 bfloat_of(int whole) {  // the upper half of a float; exact for -256..256
    return __float_as_uint(static_cast<float>(whole)) >> 16;
}

__device__ __forceinline__ void multiply(float (&sum)[4], const u32 (&a)[2], u32 b) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(b));
}

ARITHMETIC(tensor_bf16) {
    const u32 constant = FLIPPED(0u);
    float sum[4] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        u32 a[2], b;
        pairs<bfloat_of>(seed, step, constant, a, b);
        multiply(sum, a, b);
    }
    answer(digest_of(sum), sms, answers);
}

// Operands between 1 and 2 in magnitude, seven random bits of mantissa.
ARITHMETIC(tensor_bf16_mantissa) {
    const u32 constant = FLIPPED(0u);
    float sum[4] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        u32 word[3], a[2];
        for (u32 part = 0; part < 3; ++part)
            word[part] = (mix(seed + (step * 3 + part) * THREADS + threadIdx.x) & 0x807F807Fu) | 0x3F803F80u;
        a[0] = word[0] ^ (constant & 0x7Fu);
        a[1] = word[1];
        multiply(sum, a, word[2]);
    }
    answer(digest_of(sum), sms, answers);
}

ARITHMETIC(tensor_tf32) {
    const u32 constant = FLIPPED(0u);
    const u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = lane / 4, k = lane % 4;
    float sum[4] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        const int first = whole(seed, step, warp, row, k, 0) ^ static_cast<int>(constant);
        const int second = whole(seed, step, warp, row + 8, k, 0) ^ static_cast<int>(constant);
        asm volatile("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                     : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                     : "r"(__float_as_uint(static_cast<float>(first))), "r"(__float_as_uint(static_cast<float>(second))),
                       "r"(__float_as_uint(static_cast<float>(whole(seed, step, warp, k, row, 1)))));
    }
    answer(digest_of(sum), sms, answers);
}

ARITHMETIC(tensor_fp64) {
    const u32 constant = FLIPPED(0u);
    const u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = lane / 4, k = lane % 4;
    double sum[2] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        const double a = whole(seed, step, warp, row, k, 0) ^ static_cast<int>(constant);
        const double b = whole(seed, step, warp, k, row, 1);
        asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
                     : "+d"(sum[0]), "+d"(sum[1]) : "d"(a), "d"(b));
    }
    u64 digest = 0;
    for (int i = 0; i < 2; ++i) digest = fold(digest, static_cast<u64>(__double_as_longlong(sum[i])));
    answer(digest, sms, answers);
}
