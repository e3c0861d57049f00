// What the launches of all GEMM families on sm_100a pass to their kernels.
#pragma once

#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm100/gemm_params.hpp"

namespace aotgemm::sm100 {

// Rows of A and of B that one load brings: of a tile that a pair of blocks shares, half. Of a K-major A with fewer rows
// than a tile, no more than those, in whole swizzle atoms: what shared memory holds behind them goes to rows of the sums
// that nobody stores.
int32_t loaded_rows_of_a(const aotgemm_spec& spec, const OperandView& a);
int32_t loaded_rows_of_b(const aotgemm_spec& spec);

// The swizzle of rows of 128, 64 or 32 bytes.
CUtensorMapSwizzle swizzle_of(int32_t row_bytes);

// D, in the boxes of a warp of the epilogue.
const CUtensorMap& output_map_of(const OperandView& d, const aotgemm_spec& spec);

// Everything in GemmParams but the maps of A and B.
void set_common(const GemmLaunch& gemm, GemmParams& out);

// Whether there is anything to load; otherwise any map will do for A and B.
bool loads_operands(const GemmCall& call);

}  // namespace aotgemm::sm100
