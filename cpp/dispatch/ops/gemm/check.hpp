// The one check of a GEMM call, from the family's row in the table.
#pragma once

#include "dispatch/ops/gemm/call.hpp"

namespace aotgemm {

// Fails for operands that are missing or not taken, and for dtypes, ranks, sizes and devices that do not fit.
GemmCall check_operands(const aotgemm_gemm_call& given);

// D has no element.
bool is_empty(const GemmCall& call);

// Fails for strides and addresses that the CPU backend or the TMA cannot read; notes which scales must be copied, if an
// allocator is there to give memory for the copies. Not for an empty call.
void check_layouts(GemmCall& call, const aotgemm_allocator* allocator);

}  // namespace aotgemm
