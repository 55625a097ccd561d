// Integer, FP32 and FP64 arithmetic. The exact tests use whole numbers whose products and sums have a bit for each
// place, so every architecture gives the bits that Python computes. The mantissa tests use every bit of the operands;
// their answers are compared between SMs.

#include "arithmetic.cuh"

constexpr int STEPS = 128;

ARITHMETIC(integer) {
    const u32 constant = FLIPPED(1664525u);
    u32 x = mix(seed + threadIdx.x);
    u64 sum = x;
    for (int step = 0; step < STEPS; ++step) {
        x = x * constant + 1013904223u;
        sum = sum * 6364136223846793005ull + __umulhi(x, constant) + (__popc(x) << (step % 8)) + __brev(x >> 3);
        sum ^= sum >> 29;
    }
    answer(fold(0, sum), sms, answers);
}

ARITHMETIC(fp32) {
    const float constant = static_cast<float>(FLIPPED(181u));
    float sum = 0;
    u32 x = mix(seed + threadIdx.x);
    for (int step = 0; step < STEPS; ++step) {
        x = x * 1664525u + 1013904223u;
        const float whole = static_cast<float>(static_cast<int>(x >> 24) - 128);
        sum = __fmaf_rn(constant, whole, sum);
    }
    answer(fold(0, __float_as_uint(sum)), sms, answers);
}

ARITHMETIC(fp64) {
    const double constant = static_cast<double>(FLIPPED(1594323u));
    double sum = 0;
    u32 x = mix(seed + threadIdx.x);
    for (int step = 0; step < STEPS; ++step) {
        x = x * 1664525u + 1013904223u;
        const double whole = static_cast<double>(static_cast<int>(x >> 8) - 8388608);
        sum = __fma_rn(constant, whole, sum);
    }
    answer(fold(0, static_cast<u64>(__double_as_longlong(sum))), sms, answers);
}

ARITHMETIC(fp32_mantissa) {
    const float constant = __uint_as_float(FLIPPED(0x3F7A5C3Du));  // just below 1, so that the sum stays near its addends
    float sum = 1;
    u32 x = mix(seed + threadIdx.x);
    for (int step = 0; step < STEPS; ++step) {
        x = x * 1664525u + 1013904223u;
        sum = __fmaf_rn(constant, sum, __uint_as_float(0x3F800000u | (x >> 9)) - 1.5f);
    }
    answer(fold(0, __float_as_uint(sum)), sms, answers);
}

ARITHMETIC(fp64_mantissa) {
    const u64 bits = 0x3FEF4B8A00000000ull | FLIPPED(0x5D9C3A71u);
    const double constant = __longlong_as_double(static_cast<long long>(bits));
    double sum = 1;
    u32 x = mix(seed + threadIdx.x);
    for (int step = 0; step < STEPS; ++step) {
        x = x * 1664525u + 1013904223u;
        const u64 addend = 0x3FF0000000000000ull | (static_cast<u64>(x) << 20) | mix(x) >> 12;
        sum = __fma_rn(constant, sum, __longlong_as_double(static_cast<long long>(addend)) - 1.5);
    }
    answer(fold(0, static_cast<u64>(__double_as_longlong(sum))), sms, answers);
}
