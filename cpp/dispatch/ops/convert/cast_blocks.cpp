// Casts with a scale for several rows. Device side: cpp/kernels/common/cast_blocks.cuh. CPU:
// cpp/emulation/ops/cast_blocks.cpp.
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/cast.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "emulation/ops/cast_blocks.hpp"
#include "kernels/common/cast_blocks_params.hpp"

namespace aotgemm {
namespace {

void run_on_cpu(const CastCall& call, int32_t threads) {
    emulation::cast_blocks({.is_bf16 = call.has_bf16(),
                            .x = matrix_of<const void>(view_of(*call.given->x)),
                            .q = matrix_of<uint8_t>(view_of(*call.given->q)),
                            .sf = matrix_of<float>(view_of(*call.given->sf)),
                            .block_rows = call.given->gran_k,
                            .block_columns = call.kind->scaling == CastScaling::channel ? 1 : call.given->gran_k,
                            .use_ue8m0 = call.given->use_ue8m0 != 0},
                           threads);
}

Conversion& conversion_of(const CastCall& call) {
    static Conversion block_bf16{"cast_fp8_per_block_bf16"}, block_fp32{"cast_fp8_per_block_fp32"};
    static Conversion channel_bf16{"cast_fp8_per_channel_bf16"}, channel_fp32{"cast_fp8_per_channel_fp32"};
    if (call.kind->scaling == CastScaling::block) return call.has_bf16() ? block_bf16 : block_fp32;
    return call.has_bf16() ? channel_bf16 : channel_fp32;
}

}  // namespace

void cast_blocks(const CastCall& call, const aotgemm_launch& options) {
    const aotgemm_tensor &x = *call.given->x, &q = *call.given->q, &sf = *call.given->sf;
    const uint32_t grid = checked_grid("x", cast_blocks_count(call.rows, call.columns));
    if (x.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) run_on_cpu(call, options.cpu_threads);
        return;
    }
    CastBlocksParams parameters{.x = x.data,
                                .q = static_cast<uint8_t*>(q.data),
                                .sf = static_cast<float*>(sf.data),
                                .rows = call.rows,
                                .columns = call.columns,
                                .x_row_stride = x.stride[0],
                                .q_row_stride = q.stride[0],
                                .sf_row_stride = sf.stride[0],
                                .sf_column_stride = sf.stride[1],
                                .gran = call.given->gran_k,
                                .use_ue8m0 = call.given->use_ue8m0 != 0 ? 1 : 0};
    launch_blocks(conversion_of(call), grid, kCastBlocksThreads, parameters, x.device_id, options);
}

}  // namespace aotgemm
