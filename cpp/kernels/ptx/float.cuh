// FP32 instructions that CUDA C++ has no function for.
#pragma once

namespace aotgemm::ptx {

// The larger and the smaller of two numbers; NaN if one of the two is.
__device__ __forceinline__ float max_nan(float a, float b) {
    float result;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
    return result;
}
__device__ __forceinline__ float min_nan(float a, float b) {
    float result;
    asm("min.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
    return result;
}

// 1 / d rounded to nearest, for d from 1 to 2^126, without the branch to other numbers that __frcp_rn has: a guess within a
// unit in the last place (PTX ISA, rcp.approx) and one Newton step, which rounds rightly from every such guess of every d
// (checked for all of them) but one: of d = 2^n * (2 - 2^-23), where the guess must be the upper neighbour of the result,
// as it is on Hopper.
__device__ __forceinline__ float reciprocal(float d) {
    float guess;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(guess) : "f"(d));
    return __fmaf_rn(guess, __fmaf_rn(-d, guess, 1.0f), guess);
}

}  // namespace aotgemm::ptx
