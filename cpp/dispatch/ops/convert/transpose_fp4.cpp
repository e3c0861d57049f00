#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/fp4.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "emulation/ops/transpose_fp4.hpp"

namespace aotgemm {
namespace {

void check(const Operand& a, const Operand& out) {
    for (const Operand& operand : {a, out}) {
        check_dtype(operand, {AOTGEMM_INT8});
        check_rank(operand, 2, 2);
        check_extents(operand);
    }
    check_same_device({a, out});
    const int64_t rows = a.tensor.shape[0];
    if (rows % 2 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, a.name, ": has ", rows, " rows, must be a multiple of 2 (two codes a byte); the nearest is ",
             rows + 1);
    }
    check_size(out, 0, a.tensor.shape[1] * 2, "two for each byte of a");
    check_size(out, 1, rows / 2, "half the rows of a");
    for (const Operand& operand : {a, out}) check_rows_adjacent(operand);
}

}  // namespace

void transpose_fp4(const aotgemm_tensor& a, const aotgemm_tensor& out, const aotgemm_launch& options) {
    const Operand from{"a", a}, to{"out", out};
    check(from, to);
    if (is_empty(out)) return;
    check_call_memory({to}, {from});
    TransposeFp4Params parameters{.in = static_cast<const uint8_t*>(a.data),
                                  .out = static_cast<uint8_t*>(out.data),
                                  .pairs = a.shape[0] / 2,
                                  .bytes = a.shape[1],
                                  .in_row_stride = a.stride[0],
                                  .out_row_stride = out.stride[0]};
    const uint32_t grid = checked_grid("a", transpose_fp4_blocks(parameters));
    if (a.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) emulation::transpose_fp4(parameters, options.cpu_threads);
        return;
    }
    static Conversion conversion{"transpose_fp4"};
    launch_blocks(conversion, grid, kTransposeFp4Threads, parameters, a.device_id, options);
}

}  // namespace aotgemm
