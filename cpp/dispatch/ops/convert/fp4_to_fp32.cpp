#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/fp4.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "emulation/ops/fp4_to_fp32.hpp"

namespace aotgemm {
namespace {

void check(const Operand& packed, const Operand& sf, const Operand& out, int32_t gran_k) {
    check_dtype(packed, {AOTGEMM_INT8});
    check_dtype(sf, {AOTGEMM_FP32, AOTGEMM_INT32});
    check_dtype(out, {AOTGEMM_FP32});
    for (const Operand& operand : {packed, sf, out}) check_rank(operand, 2, 2);
    check_same_device({packed, sf, out});
    for (const Operand& operand : {packed, out}) check_extents(operand);
    if (gran_k != 32 && gran_k != 128) fail(AOTGEMM_ERROR_SHAPE, "gran_k: is ", gran_k, ", allowed is 32 or 128");
    const int64_t rows = packed.tensor.shape[0], columns = packed.tensor.shape[1] * 2, scales = ceil_div(columns, gran_k);
    check_size(out, 0, rows, "rows of packed");
    check_size(out, 1, columns, "two for each byte of packed");
    check_size(sf, 0, rows, "rows of packed");
    const bool is_packed = sf.tensor.dtype == AOTGEMM_INT32;
    check_size(sf, 1, is_packed ? ceil_div(scales, 4) : scales,
               is_packed ? "columns / gran_k / 4, rounded up" : "columns / gran_k, rounded up");
    for (const Operand& operand : {packed, out}) check_rows_adjacent(operand);
}

Fp4ToFp32Params parameters_of(const aotgemm_tensor& packed, const aotgemm_tensor& sf, const aotgemm_tensor& out,
                              int32_t gran_k) {
    return {.packed = static_cast<const uint8_t*>(packed.data),
            .scales = sf.data,
            .out = static_cast<float*>(out.data),
            .rows = packed.shape[0],
            .bytes = packed.shape[1],
            .packed_row_stride = packed.stride[0],
            .out_row_stride = out.stride[0],
            .scale_row_stride = sf.stride[0],
            .scale_column_stride = sf.stride[1],
            .gran = gran_k,
            .is_packed = sf.dtype == AOTGEMM_INT32 ? 1 : 0};
}

}  // namespace

void fp4_to_fp32(const aotgemm_tensor& packed, const aotgemm_tensor& sf, const aotgemm_tensor& out, int32_t gran_k,
                 const aotgemm_launch& options) {
    const Operand codes{"packed", packed}, scales{"sf", sf}, values{"out", out};
    check(codes, scales, values, gran_k);
    if (is_empty(out)) return;
    check_call_memory({values}, {codes, scales});
    Fp4ToFp32Params parameters = parameters_of(packed, sf, out, gran_k);
    const uint32_t grid = checked_grid("packed", fp4_to_fp32_blocks(parameters));
    if (packed.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) emulation::fp4_to_fp32(parameters, options.cpu_threads);
        return;
    }
    static Conversion conversion{"fp4_to_fp32"};
    launch_blocks(conversion, grid, kFp4ToFp32Threads, parameters, packed.device_id, options);
}

}  // namespace aotgemm
