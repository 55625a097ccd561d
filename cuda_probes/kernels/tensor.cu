// Tensor cores, as far as compute capability 7.5 has them: FP16 and INT8. Each warp multiplies its own matrices, STEPS
// times into one sum. Which lane holds which element: PTX ISA, "Matrix Fragments for mma".

#include "arithmetic.cuh"
#include "fragments.cuh"

__device__ __forceinline__ u32 half_of(int whole) {  // exact for -1024..1024
    unsigned short bits;
    asm("cvt.rn.f16.s32 %0, %1;" : "=h"(bits) : "r"(whole));
    return bits;
}

__device__ __forceinline__ void multiply(float (&sum)[4], const u32 (&a)[2], u32 b) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a[0]), "r"(a[1]), "r"(b));
}

ARITHMETIC(tensor_fp16) {
    const u32 constant = FLIPPED(0u);
    float sum[4] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        u32 a[2], b;
        pairs<half_of>(seed, step, constant, a, b);
        multiply(sum, a, b);
    }
    answer(digest_of(sum), sms, answers);
}

// Operands between 1 and 2 in magnitude, ten random bits of mantissa.
ARITHMETIC(tensor_fp16_mantissa) {
    const u32 constant = FLIPPED(0u);
    float sum[4] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        u32 word[3], a[2];
        for (u32 part = 0; part < 3; ++part)
            word[part] = (mix(seed + (step * 3 + part) * THREADS + threadIdx.x) & 0x83FF83FFu) | 0x3C003C00u;
        a[0] = word[0] ^ (constant & 0x3FFu);
        a[1] = word[1];
        multiply(sum, a, word[2]);
    }
    answer(digest_of(sum), sms, answers);
}

ARITHMETIC(tensor_int8) {
    const u32 constant = FLIPPED(0u);
    const u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int sum[2] = {};
    for (u32 step = 0; step < STEPS; ++step) {
        u32 a = 0, b = 0;
        for (u32 i = 0; i < 4; ++i) {
            const u32 k = lane % 4 * 4 + i;
            a |= (static_cast<u32>(whole(seed, step, warp, lane / 4, k, 0) ^ static_cast<int>(constant)) & 0xFFu) << (8 * i);
            b |= (static_cast<u32>(whole(seed, step, warp, k, lane / 4, 1)) & 0xFFu) << (8 * i);
        }
        asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};"
                     : "+r"(sum[0]), "+r"(sum[1]) : "r"(a), "r"(b));
    }
    answer(fold(fold(0, static_cast<u32>(sum[0])), static_cast<u32>(sum[1])), sms, answers);
}
