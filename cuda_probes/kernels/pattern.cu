// Patterns in device memory: written, then read back and compared exactly. Every word is 64 bits and a function of its
// own address, the pattern and the seed, so that a word in the wrong place is wrong too.

constexpr int THREADS = 256;
constexpr int UNROLL = 4;
constexpr unsigned long long TILE = THREADS * UNROLL;

enum Pattern { ADDRESS, WALKING_BIT, RANDOM };

__device__ __forceinline__ unsigned long long splitmix(unsigned long long x) {
    x += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

// `inverted` is 0 or all ones.
__device__ __forceinline__ unsigned long long expected_at(unsigned long long address, unsigned int pattern, unsigned long long inverted, unsigned long long seed) {
    if (pattern == ADDRESS) return address ^ inverted;
    if (pattern == WALKING_BIT) return (1ull << (((address >> 3) + seed) & 63)) ^ inverted;
    return splitmix(address ^ seed) ^ inverted;
}

extern "C" __global__ void __launch_bounds__(THREADS) pattern_write(ulonglong2 *to, unsigned long long pairs, unsigned int pattern, unsigned long long inverted, unsigned long long seed) {
    for (unsigned long long tile = blockIdx.x * TILE; tile < pairs; tile += gridDim.x * TILE) {
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) {
            ulonglong2 *const at = to + tile + i * THREADS + threadIdx.x;
            const unsigned long long address = reinterpret_cast<unsigned long long>(at);
            ulonglong2 value;
            value.x = expected_at(address, pattern, inverted, seed);
            value.y = expected_at(address + 8, pattern, inverted, seed);
            __stcs(at, value);
        }
    }
}

// What was found wrong: report[0] counts all, then three words for each of the first `room`: address, expected, found.
__device__ void note(unsigned long long *report, unsigned int room, unsigned long long address, unsigned long long expected, unsigned long long found) {
    const unsigned long long place = atomicAdd(report, 1ull);
    if (place >= room) return;
    report[1 + 3 * place] = address;
    report[2 + 3 * place] = expected;
    report[3 + 3 * place] = found;
}

extern "C" __global__ void __launch_bounds__(THREADS) pattern_verify(const ulonglong2 *from, unsigned long long pairs, unsigned int pattern, unsigned long long inverted, unsigned long long seed, unsigned int room, unsigned long long *report) {
    for (unsigned long long tile = blockIdx.x * TILE; tile < pairs; tile += gridDim.x * TILE) {
        ulonglong2 value[UNROLL];
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) value[i] = __ldcs(from + tile + i * THREADS + threadIdx.x);
#pragma unroll
        for (int i = 0; i < UNROLL; ++i) {
            const unsigned long long address = reinterpret_cast<unsigned long long>(from + tile + i * THREADS + threadIdx.x);
            const unsigned long long first = expected_at(address, pattern, inverted, seed);
            const unsigned long long second = expected_at(address + 8, pattern, inverted, seed);
            if (value[i].x != first) note(report, room, address, first, value[i].x);
            if (value[i].y != second) note(report, room, address + 8, second, value[i].y);
        }
    }
}
