// What `kernel-latency` measures, in CUDA C++: seconds from before an empty launch until the GPU is done, by the host's
// clock. Spin-scheduled, one thread on the last core it may use. Prints one delay per line, in nanoseconds.

#include <sched.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

__global__ void empty() {}

static void must(cudaError_t error) {
    if (error == cudaSuccess) return;
    std::fprintf(stderr, "%s\n", cudaGetErrorString(error));
    std::exit(1);
}

int main() {
    cpu_set_t allowed, one;
    sched_getaffinity(0, sizeof allowed, &allowed);
    int last = 0;
    for (int core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(core, &allowed)) last = core;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    sched_setaffinity(0, sizeof one, &one);

    must(cudaSetDeviceFlags(cudaDeviceScheduleSpin));
    must(cudaFree(nullptr));
    constexpr int uncounted = 2000, counted = 300;
    std::vector<long long> delays(uncounted + counted);
    for (auto &delay : delays) {
        const auto begin = std::chrono::steady_clock::now();
        empty<<<1, 1>>>();
        must(cudaDeviceSynchronize());
        delay = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin).count();
    }
    must(cudaGetLastError());
    for (int i = uncounted; i < uncounted + counted; ++i) std::printf("%lld\n", delays[i]);
}
