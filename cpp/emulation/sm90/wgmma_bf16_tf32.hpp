#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// wgmma_chain for BF16 and TF32. special_values.hpp states the rule for NaN, infinity and overflow.
void bf16_chain(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<float> d, int threads);
void tf32_chain(Matrix<const std::uint32_t> a, Matrix<const std::uint32_t> b, Matrix<float> d, int threads);

}  // namespace aotgemm::emulation
