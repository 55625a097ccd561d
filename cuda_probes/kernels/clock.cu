// An empty kernel, whose launch is what kernel latency times, and the SM clock as a kernel sees it.

extern "C" __global__ void empty() {}

// Spins for about `nanoseconds` and answers with the cycles and the nanoseconds that went by. Both ends wait for the
// timer to tick: on some GPUs it ticks only once a microsecond.
extern "C" __global__ void sm_clock(unsigned int nanoseconds, unsigned long long *answer) {
    if (threadIdx.x != 0) return;
    unsigned long long now, begin, ticked;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(begin));
    do asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ticked)); while (ticked == begin);
    const long long cycles = clock64();
    do asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now)); while (now - ticked < nanoseconds);
    if (blockIdx.x != 0) return;
    answer[0] = static_cast<unsigned long long>(clock64() - cycles);
    answer[1] = now - ticked;
}
