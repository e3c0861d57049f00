// The one check of a GEMM call, from the family's row in the table.
#pragma once

#include "dispatch/ops/gemm/call.hpp"

namespace aotgemm {

// Fails for operands that are missing or not taken, and for dtypes, ranks, sizes and devices that do not fit.
GemmCall check_operands(const aotgemm_gemm_call& given);

// D has no element.
bool is_empty(const GemmCall& call);

// Fails for operands without memory, for strides and addresses that the TMA cannot read, on the CPU too, and for outputs
// that overlap what is read; notes which scales a GPU must copy, if an allocator is there to give memory for the copies.
// Not for an empty call.
void check_layouts(GemmCall& call, const aotgemm_allocator* allocator);

}  // namespace aotgemm
