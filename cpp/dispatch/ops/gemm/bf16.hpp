// Calls of family bf16_gemm: checks, then the CPU or a launch (bf16_launch.hpp).
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Bf16GemmOperands {
    const aotgemm_tensor &a, &b;
    const aotgemm_tensor* c;  // or null
    const aotgemm_tensor& d;
};

// layout: "nt", "nn", "tn" or "tt".
void bf16_gemm(const char* layout, const Bf16GemmOperands& operands, const aotgemm_launch& launch);

}  // namespace aotgemm
