// Casts with a scale for each row. Device side: cpp/kernels/common/cast_rows.cuh. CPU: cpp/emulation/ops/cast_rows.cpp.
#include <limits>

#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/cast.hpp"
#include "dispatch/runtime/launch.hpp"
#include "kernels/common/cast_rows_params.hpp"

namespace aotgemm {
namespace {

float limit_of(const CastCall& call) {
    return call.given->limit > 0 ? call.given->limit : std::numeric_limits<float>::infinity();
}

emulation::CastInput input_of(const CastCall& call) {
    if (call.kind->is_silu_mul) return emulation::CastInput::silu_mul;
    return call.has_bf16() ? emulation::CastInput::bf16 : emulation::CastInput::fp32;
}

void run_on_cpu(const CastCall& call, int32_t threads) {
    const OperandView x = view_of(*call.given->x), q = view_of(*call.given->q), sf = view_of(*call.given->sf);
    // A cast does not count the groups of contiguous: their numbers have no bound.
    const GemmSizes sizes{.groups = call.grouping == Grouping::contiguous ? std::numeric_limits<int32_t>::max()
                                    : call.grouping == Grouping::psum     ? call.given->index->shape[0]
                                                                          : call.groups,
                          .m = call.rows, .n = 0, .k = call.columns};
    const int32_t* index = call.given->index != nullptr ? static_cast<const int32_t*>(call.given->index->data) : nullptr;
    const std::vector<GemmPart> parts =
        read_row_parts(call.grouping, group_index_name(call.grouping), index, sizes, call.row_alignment);
    if (settings().compile_only) return;
    for (const GemmPart& part : parts) {
        const int64_t group = call.grouping == Grouping::masked ? part.group : 0;
        const OperandView from = rows_of(x, group, part.first, part.count);
        const OperandView codes = rows_of(q, group, part.first, part.count), scales = rows_of(sf, group, part.first, part.count);
        emulation::cast_rows({.input = input_of(call),
                              .code = call.kind->code,
                              .x = {from.data, part.count, call.columns, from.row_stride, 1},
                              .q = static_cast<uint8_t*>(codes.data),
                              .q_row_stride = codes.row_stride,
                              .sf = scales.data,
                              .sf_row_stride = scales.row_stride,
                              .sf_column_stride = scales.column_stride,
                              .is_packed = call.is_packed(),
                              .pad_exponent = static_cast<uint8_t>(call.given->pad_exponent),
                              .use_ue8m0 = call.given->use_ue8m0 != 0,
                              .gran = call.given->gran_k,
                              .limit = limit_of(call)},
                             threads);
    }
}

LiveRows live_rows(const CastCall& call) {
    LiveRows live{.index = nullptr, .rule = RowRule::all, .groups = 0, .alignment = static_cast<int32_t>(call.row_alignment)};
    if (call.given->index == nullptr) return live;
    live.index = static_cast<const int32_t*>(call.given->index->data);
    live.groups = static_cast<int32_t>(call.given->index->shape[0]);
    live.rule = call.grouping == Grouping::contiguous ? RowRule::contiguous
                : call.grouping == Grouping::psum     ? RowRule::psum
                                                      : RowRule::masked;
    return live;
}

// Whether addresses and strides are multiples of a slice: 16 bytes of x, and what they become in q.
bool is_whole(const CastCall& call, const OperandView& x, const OperandView& q) {
    const int64_t bytes = element_bytes(x.dtype), elements = 16 / bytes;
    const int64_t codes = call.kind->code == emulation::CastCode::fp8 ? elements : elements / 2;
    const int64_t up = call.kind->is_silu_mul ? call.columns : 0;
    return reinterpret_cast<uintptr_t>(x.data) % 16 == 0 && reinterpret_cast<uintptr_t>(q.data) % codes == 0 &&
           (x.row_stride | x.group_stride | up | call.columns) % elements == 0 && (q.row_stride | q.group_stride) % codes == 0;
}

// Without what its launch decides.
CastRowsParams parameters_of(const CastCall& call) {
    const OperandView x = view_of(*call.given->x), q = view_of(*call.given->q), sf = view_of(*call.given->sf);
    return {.x = x.data,
            .q = static_cast<uint8_t*>(q.data),
            .sf = sf.data,
            .groups = static_cast<int32_t>(call.groups),
            .rows = static_cast<int32_t>(call.rows),
            .columns = static_cast<int32_t>(call.columns),
            .blocks = static_cast<int32_t>(ceil_div(call.columns, call.given->gran_k)),
            .x_group_stride = x.group_stride,
            .x_row_stride = x.row_stride,
            .q_group_stride = q.group_stride,
            .q_row_stride = q.row_stride,
            .sf_group_stride = sf.group_stride,
            .sf_row_stride = sf.row_stride,
            .sf_column_stride = sf.column_stride,
            .live = live_rows(call),
            .gran = call.given->gran_k,
            .use_ue8m0 = call.given->use_ue8m0 != 0 ? 1 : 0,
            .is_packed = call.is_packed() ? 1 : 0,
            .pad_exponent = call.given->pad_exponent,
            .is_whole = is_whole(call, x, q) ? 1 : 0,
            .rows_per_thread = 0,
            .tiles_per_block = 0,
            .blocks_of_group = 0,
            .limit = limit_of(call)};
}

Conversion& conversion_of(const CastCall& call) {
    static Conversion fp8_bf16{"cast_fp8_per_token_bf16"}, fp8_fp32{"cast_fp8_per_token_fp32"};
    static Conversion fp4_bf16{"cast_fp4_per_token_bf16"}, fp4_fp32{"cast_fp4_per_token_fp32"};
    static Conversion silu_mul{"silu_mul_cast_fp8_per_token_bf16"};
    if (call.kind->is_silu_mul) return silu_mul;
    if (call.kind->code == emulation::CastCode::fp8) return call.has_bf16() ? fp8_bf16 : fp8_fp32;
    return call.has_bf16() ? fp4_bf16 : fp4_fp32;
}

}  // namespace

void cast_rows(const CastCall& call, const aotgemm_launch& options) {
    const aotgemm_tensor& x = *call.given->x;
    constexpr int64_t kLargest = INT32_MAX - 1024;  // places beyond the end are counted too
    if (call.groups > kLargest || call.rows > kLargest || call.columns > kLargest) {
        fail(AOTGEMM_ERROR_SHAPE, "x: has ", call.rows, " rows and ", call.columns, " columns, allowed are at most ", kLargest);
    }
    CastRowsParams parameters = parameters_of(call);
    const CastRowsGrid grid = cast_rows_grid(parameters, element_bytes(x.dtype), call.kind->is_silu_mul);
    if (grid.x > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "x: needs ", grid.x, " thread blocks, allowed is at most ", INT32_MAX);
    }
    if (x.device_type == AOTGEMM_CPU) return run_on_cpu(call, options.cpu_threads);
    parameters.rows_per_thread = grid.rows_per_thread;
    parameters.tiles_per_block = grid.tiles_per_block;
    parameters.blocks_of_group = grid.blocks_of_group;
    const CudaDevice& device = cuda_device(x.device_id);
    const ContextScope scope(device);
    launch(device, conversion_of(call).cubin_for(device),
           {static_cast<uint32_t>(grid.x), kCastRowsThreads, static_cast<uint32_t>(grid.y)}, options.stream, &parameters);
}

}  // namespace aotgemm
