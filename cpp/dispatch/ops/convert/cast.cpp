#include "dispatch/ops/convert/cast.hpp"

#include <cmath>
#include <cstring>

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"

namespace aotgemm {
namespace {

constexpr CastKind kKinds[] = {
    {"per_token_fp8", CastScaling::token, emulation::CastCode::fp8, false},
    {"per_token_fp4", CastScaling::token, emulation::CastCode::fp4, false},
    {"silu_mul_fp8", CastScaling::token, emulation::CastCode::fp8, true},
    {"per_block_fp8", CastScaling::block, emulation::CastCode::fp8, false},
    {"per_channel_fp8", CastScaling::channel, emulation::CastCode::fp8, false},
};

const CastKind& kind_of(const char* name) {
    std::string known;
    for (const CastKind& kind : kKinds) {
        if (name != nullptr && std::strcmp(kind.name, name) == 0) return kind;
        known += text(known.empty() ? "" : ", ", kind.name);
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "kind: is ", name != nullptr ? name : "NULL", ", known are ", known);
}

Grouping grouping_of(const char* name, CastScaling scaling) {
    if (name == nullptr) return Grouping::dense;
    for (const Grouping grouping : {Grouping::dense, Grouping::contiguous, Grouping::psum, Grouping::masked}) {
        if (std::strcmp(grouping_name(grouping), name) != 0) continue;
        if (grouping == Grouping::dense || scaling == CastScaling::token) return grouping;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "grouping: is ", name, ", allowed is dense",
         scaling == CastScaling::token ? ", contiguous, psum or masked" : " alone where rows share a scale");
}

void check_numbers(const aotgemm_cast_call& given) {
    if (given.gran_k != 32 && given.gran_k != 128) {
        fail(AOTGEMM_ERROR_SHAPE, "gran_k: is ", given.gran_k, ", allowed is 32 or 128");
    }
    if (given.pad_exponent < 0 || given.pad_exponent > 255) {
        fail(AOTGEMM_ERROR_SHAPE, "pad_exponent: is ", given.pad_exponent, ", allowed is 0 to 255");
    }
    if (std::isnan(given.limit) || given.limit < 0) {
        fail(AOTGEMM_ERROR_SHAPE, "limit: is ", given.limit, ", allowed is a positive number, or 0 for none");
    }
}

void check_dtypes(const aotgemm_cast_call& given, const CastKind& kind) {
    if (kind.is_silu_mul) {
        check_dtype({"x", *given.x}, {AOTGEMM_BF16});
    } else {
        check_dtype({"x", *given.x}, {AOTGEMM_BF16, AOTGEMM_FP32});
    }
    check_dtype({"q", *given.q}, {kind.code == emulation::CastCode::fp8 ? AOTGEMM_FP8_E4M3 : AOTGEMM_INT8});
    if (kind.scaling != CastScaling::token) return check_dtype({"sf", *given.sf}, {AOTGEMM_FP32});
    check_dtype({"sf", *given.sf}, {AOTGEMM_FP32, AOTGEMM_INT32});
    if (given.sf->dtype == AOTGEMM_INT32 && given.use_ue8m0 == 0) {
        fail(AOTGEMM_ERROR_DTYPE, "sf: dtype is int32 (packed UE8M0), which needs use_ue8m0");
    }
}

// A multiple of 2 that is at least 0, of the columns of x.
int64_t even(const aotgemm_cast_call& given, const char* why) {
    const int64_t columns = given.x->shape[given.x->ndim - 1];
    if (columns % 2 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "x: has ", columns, " columns, must be a multiple of 2 (", why, "); the nearest is ",
             columns + 1);
    }
    return columns;
}

int64_t columns_of(const aotgemm_cast_call& given, const CastKind& kind) {
    if (kind.is_silu_mul) return even(given, "gate and up") / 2;
    if (kind.code == emulation::CastCode::fp4) return even(given, "two codes a byte");
    return given.x->shape[given.x->ndim - 1];
}

void check_sizes(const CastCall& call) {
    const aotgemm_cast_call& given = *call.given;
    const Operand q{"q", *given.q}, sf{"sf", *given.sf};
    const int row = given.x->ndim - 2, column = row + 1;
    const bool by_row = call.kind->scaling == CastScaling::token, by_channel = call.kind->scaling == CastScaling::channel;
    if (by_channel && call.rows % given.gran_k != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "x: has ", call.rows, " rows, must be a multiple of gran_k = ", given.gran_k,
             "; the nearest is ", align_up(call.rows, given.gran_k));
    }
    for (const Operand& operand : {q, sf}) {
        if (row > 0) check_size(operand, 0, call.groups, "groups of x");
    }
    check_size(q, row, call.rows, "rows of x");
    const bool is_fp8 = call.kind->code == emulation::CastCode::fp8;
    check_size(q, column, is_fp8 ? call.columns : call.columns / 2,
               call.kind->is_silu_mul || !is_fp8 ? "half the columns of x" : "columns of x");
    check_size(sf, row, by_row ? call.rows : ceil_div(call.rows, given.gran_k),
               by_row ? "rows of x" : "rows of x / gran_k, rounded up");
    const int64_t scales = by_channel ? call.columns : ceil_div(call.columns, given.gran_k);
    check_size(sf, column, call.is_packed() ? ceil_div(scales, 4) : scales,
               by_channel ? "columns of x" : call.is_packed() ? "columns / gran_k / 4, rounded up" : "columns / gran_k, rounded up");
}

void check_index(const CastCall& call) {
    const char* name = group_index_name(call.grouping);
    const aotgemm_tensor* given = call.given->index;
    if (name == nullptr) {
        if (given != nullptr) fail(AOTGEMM_ERROR_LAYOUT, "index: a cast of dense rows takes none");
        return;
    }
    if (given == nullptr) fail(AOTGEMM_ERROR_DTYPE, name, ": is missing, must be an int32 tensor");
    const Operand index{name, *given};
    check_index_vector(index);
    check_same_device({{"x", *call.given->x}, index});
    if (call.grouping == Grouping::contiguous) check_size(index, 0, call.rows, "rows of x");
    if (call.grouping == Grouping::masked) check_size(index, 0, call.groups, "groups of x");
}

void check_memory_of(const CastCall& call) {
    const Operand x{"x", *call.given->x}, q{"q", *call.given->q}, sf{"sf", *call.given->sf};
    if (call.given->index == nullptr) return check_call_memory({sf, q}, {x});
    check_call_memory({sf, q}, {x, {group_index_name(call.grouping), *call.given->index}});
}

CastCall check(const aotgemm_cast_call& given) {
    const CastKind& kind = kind_of(given.kind);
    required("x", given.x);
    required("q", given.q);
    required("sf", given.sf);
    CastCall call{.given = &given, .kind = &kind, .grouping = grouping_of(given.grouping, kind.scaling), .groups = 1,
                  .rows = 0, .columns = 0, .row_alignment = settings().psum_alignment.load(std::memory_order_relaxed)};
    const int32_t rank = call.grouping == Grouping::masked ? 3 : 2;
    const Operand x{"x", *given.x}, q{"q", *given.q}, sf{"sf", *given.sf};
    check_numbers(given);
    for (const Operand& operand : {x, q, sf}) check_rank(operand, rank, rank);
    check_extents(x);
    check_dtypes(given, kind);
    check_same_device({x, q, sf});
    if (rank == 3) call.groups = given.x->shape[0];
    call.rows = given.x->shape[rank - 2];
    call.columns = columns_of(given, kind);
    check_sizes(call);
    for (const Operand& operand : {x, q}) check_rows_adjacent(operand);
    check_index(call);
    return call;
}

}  // namespace

void cast(const aotgemm_cast_call& given, const aotgemm_launch& options) {
    const CastCall call = check(given);
    if (is_empty(*given.q)) return;
    check_memory_of(call);
    if (call.kind->scaling == CastScaling::token) return cast_rows(call, options);
    cast_blocks(call, options);
}

}  // namespace aotgemm
