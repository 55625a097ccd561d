// Latency of single loads, each of whose address is what the one before found: a walk through memory of another GPU.

extern "C" __global__ void chase(const unsigned long long *begin, unsigned int steps, unsigned long long *answer) {
    const unsigned long long *at = begin;
    unsigned long long before, after;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(before));
    for (unsigned int step = 0; step < steps; ++step)
        at = reinterpret_cast<const unsigned long long *>(*const_cast<const volatile unsigned long long *>(at));
    answer[0] = reinterpret_cast<unsigned long long>(at);
    __threadfence();
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(after));
    answer[1] = after - before;
}
