// What all arithmetic tests share. Every warp answers with one 64-bit digest in which each bit of each lane's result
// counts; block b notes which SM it ran on. On SM `faulty` the constant of the test is XORed with `flip`: that is how
// tests and benchmarks break one SM; no SM has the number that a probe passes.

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

typedef unsigned int u32;
typedef unsigned long long u64;

__device__ __forceinline__ u32 sm() {
    u32 id;
    asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
    return id;
}

__device__ __forceinline__ u32 mix(u32 x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

__device__ __forceinline__ u64 fold(u64 digest, u64 bits) { return (digest ^ bits) * 0x9E3779B97F4A7C15ull; }

__device__ __forceinline__ void answer(u64 digest, u32 *sms, u64 *answers) {
    digest = fold(digest, threadIdx.x & 31);
    for (int lanes = 16; lanes > 0; lanes /= 2) digest ^= __shfl_xor_sync(0xFFFFFFFFu, digest, lanes);
    if (threadIdx.x % 32 == 0) answers[blockIdx.x * WARPS + threadIdx.x / 32] = digest;
    if (threadIdx.x == 0) sms[blockIdx.x] = sm();
}

#define ARITHMETIC(name) extern "C" __global__ void __launch_bounds__(THREADS) name(u32 seed, u32 faulty, u32 flip, u32 *sms, u64 *answers)
#define FLIPPED(constant) ((constant) ^ (sm() == faulty ? flip : 0u))
