// What `host-link` measures, in CUDA C++: pinned copies of 64 MiB to the GPU, from it, and both at once.
// Prints the median bytes per second of each.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

constexpr size_t SIZE = 64 << 20;
constexpr int REPEATS = 12;

static void must(cudaError_t error) {
    if (error == cudaSuccess) return;
    std::fprintf(stderr, "%s\n", cudaGetErrorString(error));
    std::exit(1);
}

template <typename Work>
static void measure(const char *name, size_t size, cudaStream_t stream, Work work) {
    std::vector<float> took;
    for (int i = 0; i <= REPEATS; ++i) {
        cudaEvent_t before, after;
        must(cudaEventCreate(&before));
        must(cudaEventCreate(&after));
        must(cudaEventRecord(before, stream));
        work();
        must(cudaEventRecord(after, stream));
        must(cudaEventSynchronize(after));
        float milliseconds;
        must(cudaEventElapsedTime(&milliseconds, before, after));
        if (i > 0) took.push_back(milliseconds);
    }
    std::sort(took.begin(), took.end());
    std::printf("%s %.0f\n", name, size / (took[REPEATS / 2] / 1e3));
}

int main() {
    void *there, *back, *inward, *outward;
    must(cudaMallocHost(&there, SIZE));
    must(cudaMallocHost(&back, SIZE));
    std::memset(there, 0xA5, SIZE);
    must(cudaMalloc(&inward, SIZE));
    must(cudaMalloc(&outward, SIZE));
    cudaStream_t first, second;
    must(cudaStreamCreate(&first));
    must(cudaStreamCreate(&second));
    cudaEvent_t begun, done;
    must(cudaEventCreate(&begun));
    must(cudaEventCreate(&done));
    const auto in = [&] { must(cudaMemcpyAsync(inward, there, SIZE, cudaMemcpyHostToDevice, first)); };
    const auto out = [&](cudaStream_t stream) { must(cudaMemcpyAsync(back, outward, SIZE, cudaMemcpyDeviceToHost, stream)); };
    for (int i = 0; i < 50; ++i) in();  // the link and the clocks wake up
    must(cudaDeviceSynchronize());
    measure("host_to_device", SIZE, first, in);
    measure("device_to_host", SIZE, first, [&] { out(first); });
    measure("both", 2 * SIZE, first, [&] {
        must(cudaEventRecord(begun, first));
        must(cudaStreamWaitEvent(second, begun));
        in();
        out(second);
        must(cudaEventRecord(done, second));
        must(cudaStreamWaitEvent(first, done));
    });
}
