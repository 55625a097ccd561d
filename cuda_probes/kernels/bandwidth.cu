// Device memory, read, written and copied in 16-byte accesses. What each block moves before it takes its next share was
// found by trying, on an H200: eight independent loads per thread in flight; stores go best one at a time.
// `words` is a multiple of READ_TILE.

constexpr int THREADS = 256;
constexpr int UNROLL = 8;
constexpr unsigned long long READ_TILE = THREADS * UNROLL;

extern "C" __global__ void __launch_bounds__(THREADS) read_words(const uint4 *from, unsigned long long words, unsigned int never, unsigned int *sink) {
    unsigned int sum = 0;
    for (unsigned long long tile = blockIdx.x * READ_TILE; tile < words; tile += gridDim.x * READ_TILE) {
        uint4 value[UNROLL];
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) value[i] = __ldcs(from + tile + i * THREADS + threadIdx.x);
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) sum |= value[i].x & value[i].y & value[i].z & value[i].w;
    }
    if (sum == never) *sink = sum;  // so that the loads are needed
}

extern "C" __global__ void __launch_bounds__(THREADS) write_words(uint4 *to, unsigned long long words, unsigned int seed) {
    const unsigned long long step = static_cast<unsigned long long>(gridDim.x) * THREADS;
    for (unsigned long long at = blockIdx.x * static_cast<unsigned long long>(THREADS) + threadIdx.x; at < words; at += step) {
        const unsigned int mixed = (static_cast<unsigned int>(at) ^ seed) * 0x9E3779B1u;
        to[at] = make_uint4(mixed, mixed ^ 0x85EBCA77u, mixed * 0xC2B2AE3Du, ~mixed);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) copy_words(const uint4 *from, unsigned long long words, uint4 *to) {
    const unsigned long long step = static_cast<unsigned long long>(gridDim.x) * THREADS;
    for (unsigned long long at = blockIdx.x * static_cast<unsigned long long>(THREADS) + threadIdx.x; at < words; at += step) to[at] = from[at];
}
