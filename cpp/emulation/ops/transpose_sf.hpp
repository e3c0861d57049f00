// The MN-major layout of scales on the CPU.
#pragma once

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Columns of sf, one after the other, at out, out + leading, ...; what lies between them stays as it is.
void transpose_sf(Matrix<const float> sf, float* out, std::int64_t leading);

}  // namespace aotgemm::emulation
