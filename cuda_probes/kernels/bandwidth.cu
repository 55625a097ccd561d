// Device memory, read, written and copied in 16-byte accesses. A tile is what one block moves before it takes the next:
// UNROLL independent accesses per thread are in flight at once. `words` is a multiple of a tile.

constexpr int THREADS = 256;
constexpr int UNROLL = 8;
constexpr unsigned long long TILE = THREADS * UNROLL;

extern "C" __global__ void __launch_bounds__(THREADS) read_words(const uint4 *from, unsigned long long words, unsigned int never, unsigned int *sink) {
    unsigned int sum = 0;
    for (unsigned long long tile = blockIdx.x * TILE; tile < words; tile += gridDim.x * TILE) {
        uint4 value[UNROLL];
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) value[i] = __ldcs(from + tile + i * THREADS + threadIdx.x);
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) sum |= value[i].x & value[i].y & value[i].z & value[i].w;
    }
    if (sum == never) *sink = sum;  // so that the loads are needed
}

extern "C" __global__ void __launch_bounds__(THREADS) write_words(uint4 *to, unsigned long long words, unsigned int seed) {
    for (unsigned long long tile = blockIdx.x * TILE; tile < words; tile += gridDim.x * TILE) {
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) {
            const unsigned long long at = tile + i * THREADS + threadIdx.x;
            const unsigned int mixed = (static_cast<unsigned int>(at) ^ seed) * 0x9E3779B1u;
            __stcs(to + at, make_uint4(mixed, mixed ^ 0x85EBCA77u, mixed * 0xC2B2AE3Du, ~mixed));
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) copy_words(const uint4 *from, unsigned long long words, uint4 *to) {
    for (unsigned long long tile = blockIdx.x * TILE; tile < words; tile += gridDim.x * TILE) {
        uint4 value[UNROLL];
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) value[i] = __ldcs(from + tile + i * THREADS + threadIdx.x);
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) __stcs(to + tile + i * THREADS + threadIdx.x, value[i]);
    }
}
