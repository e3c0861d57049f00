// Packed scales on the CPU.
#pragma once

#include "emulation/emulation.hpp"
#include "kernels/common/pack_ue8m0_params.hpp"

namespace aotgemm::emulation {

// Words of rows [first, last) of one group. Rows are all of those that count, or none of them: then their words are 0.
void pack_ue8m0(const PackUe8m0Params& params, std::int64_t group, std::int64_t first, std::int64_t last, bool counts);

}  // namespace aotgemm::emulation
