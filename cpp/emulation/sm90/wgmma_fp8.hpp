#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// wgmma_chain for E4M3. A NaN operand makes every output of its row or column kCanonicalNan.
void fp8_chain(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, Matrix<float> d, int threads);

}  // namespace aotgemm::emulation
