// Arguments of the fp8_fp4_gemm kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

#include "sm100/gemm_params.hpp"

namespace aotgemm::sm100 {

// Types of A and B as the instruction descriptor of kind mxf8f6f4 has them (PTX ISA, tcgen05, "Instruction descriptor").
constexpr int32_t kCodeOfE4m3 = 0, kCodeOfE2m1 = 5;

// A stage holds so many elements of K, an instruction multiplies kFp8Step of them.
constexpr int kFp8Stage = 128, kFp8Step = 32;

// A word has four scales: of one stage where each has 32 elements of K, of four stages where each has 128.
constexpr int32_t stages_of_scale_word(int32_t granularity) { return granularity / 32; }

struct Fp8Fp4GemmParams : HeadParams {
    CUtensorMap sfa, sfb;          // words of scales; with the group as third dimension as a's and b's maps
    int32_t code_of_a, code_of_b;  // kCodeOfE4m3 or kCodeOfE2m1
    int32_t stages_of_word_a, stages_of_word_b;  // stages_of_scale_word
    const int32_t* scaled_ks;                    // k_grouped: K of each group that has scales, at most index[g]
};

}  // namespace aotgemm::sm100
