// Checks that all FP8 calls share.
#pragma once

#include "dispatch/base/checks.hpp"

namespace aotgemm {

// FP8 E4M3 operands with FP32 scales.
void check_fp8_dtypes(const aotgemm_tensor& a, const aotgemm_tensor& sfa, const aotgemm_tensor& b, const aotgemm_tensor& sfb);

// N and K that the tensor core and the TMA take, in whole 16 bytes of each operand.
void check_n_and_k(int64_t n, int64_t k);

// Coordinates of the TMA are 32-bit.
void check_tma_sizes(std::initializer_list<int64_t> sizes);

}  // namespace aotgemm
