// Casts to FP8 and FP4 of every kind: their operands, and who runs them.
#pragma once

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "emulation/ops/cast_rows.hpp"

namespace aotgemm {

enum class CastScaling { token, block, channel };  // 1 x gran, gran x gran, gran x 1 elements under a scale

// What is cast to what.
struct CastKind {
    const char* name;  // as in aotgemm_cast_call
    CastScaling scaling;
    emulation::CastCode code;
    bool is_silu_mul;
};

// A call whose operands are sound, and not empty.
struct CastCall {
    const aotgemm_cast_call* given;
    const CastKind* kind;
    Grouping grouping;
    int64_t groups, rows, columns;  // of the values that are cast, in each group
    int64_t row_alignment;          // psum: groups start at multiples of so many rows

    bool has_bf16() const { return given->x->dtype == AOTGEMM_BF16; }
    bool is_packed() const { return given->sf->dtype == AOTGEMM_INT32; }
};

void cast(const aotgemm_cast_call& given, const aotgemm_launch& options);

// Device sides: cpp/kernels/common/cast_rows.cuh (per token) and cast_blocks.cuh.
void cast_rows(const CastCall& call, const aotgemm_launch& options);
void cast_blocks(const CastCall& call, const aotgemm_launch& options);

}  // namespace aotgemm
