#include "dispatch/ops/convert/cast_fp8.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/runtime/launch.hpp"
#include "dispatch/base/settings.hpp"
#include "emulation/ops/cast_fp8.hpp"
#include "kernels/common/cast_fp8_params.hpp"

namespace aotgemm {
namespace {

void check(const Operand& x, const Operand& q, const Operand& sf, int32_t block_rows) {
    check_dtype(x, {AOTGEMM_BF16, AOTGEMM_FP32});
    check_dtype(q, {AOTGEMM_FP8_E4M3});
    check_dtype(sf, {AOTGEMM_FP32});
    for (const Operand& operand : {x, q, sf}) check_rank(operand, 2, 2);
    check_extents(x);
    check_same_device({x, q, sf});
    check_size(q, 0, x.tensor.shape[0], "rows of x");
    check_size(q, 1, x.tensor.shape[1], "columns of x");
    check_size(sf, 0, ceil_div(x.tensor.shape[0], block_rows), block_rows == 1 ? "rows of x" : "rows of x / 128, rounded up");
    check_size(sf, 1, ceil_div(x.tensor.shape[1], 128), "columns of x / 128, rounded up");
    for (const Operand& operand : {x, q}) check_rows_adjacent(operand);
}

// The outputs lie apart from x, from each other, and each element from the others of its tensor.
void check_outputs(const Operand& x, const Operand& q, const Operand& sf) {
    const PlacedOperand from = place(x), values = place(q), scales = place(sf);
    for (const Operand& operand : {q, sf}) check_no_overlap(operand);
    check_apart(values, from);
    check_apart(scales, from);
    check_apart(scales, values);
}

void cast_on_cpu(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, int32_t block_rows,
                 bool use_ue8m0, int32_t threads) {
    const auto type = x.dtype == AOTGEMM_BF16 ? emulation::CastInput::bf16 : emulation::CastInput::fp32;
    emulation::cast_to_fp8(type, {x.data, x.shape[0], x.shape[1], x.stride[0], 1},
                           {static_cast<uint8_t*>(q.data), q.shape[0], q.shape[1], q.stride[0], 1},
                           {static_cast<float*>(sf.data), sf.shape[0], sf.shape[1], sf.stride[0], sf.stride[1]}, block_rows,
                           use_ue8m0, threads);
}

Conversion& conversion_of(int32_t dtype, int32_t block_rows) {
    static Conversion per_token_bf16{"cast_fp8_per_token_bf16"}, per_token_fp32{"cast_fp8_per_token_fp32"};
    static Conversion per_block_bf16{"cast_fp8_per_block_bf16"}, per_block_fp32{"cast_fp8_per_block_fp32"};
    if (dtype == AOTGEMM_BF16) return block_rows == 1 ? per_token_bf16 : per_block_bf16;
    return block_rows == 1 ? per_token_fp32 : per_block_fp32;
}

}  // namespace

void cast_to_fp8(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, int32_t block_rows,
                 bool use_ue8m0, const aotgemm_launch& options) {
    check({"x", x}, {"q", q}, {"sf", sf}, block_rows);
    if (x.shape[0] == 0 || x.shape[1] == 0) return;
    check_outputs({"x", x}, {"q", q}, {"sf", sf});
    if (x.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) cast_on_cpu(x, q, sf, block_rows, use_ue8m0, options.cpu_threads);
        return;
    }
    CastFp8Params parameters{.x = x.data,
                             .q = static_cast<uint8_t*>(q.data),
                             .sf = static_cast<float*>(sf.data),
                             .rows = x.shape[0],
                             .columns = x.shape[1],
                             .x_row_stride = x.stride[0],
                             .q_row_stride = q.stride[0],
                             .sf_row_stride = sf.stride[0],
                             .sf_column_stride = sf.stride[1],
                             .use_ue8m0 = use_ue8m0 ? 1 : 0};
    const CastFp8Grid grid = cast_fp8_grid(parameters, element_bytes(x.dtype), block_rows);
    const CudaDevice& device = cuda_device(x.device_id);
    const ContextScope scope(device);
    launch(device, conversion_of(x.dtype, block_rows).cubin_for(device),
           {static_cast<uint32_t>(grid.x), kCastFp8Threads, static_cast<uint32_t>(grid.y)}, options.stream, &parameters);
}

}  // namespace aotgemm
