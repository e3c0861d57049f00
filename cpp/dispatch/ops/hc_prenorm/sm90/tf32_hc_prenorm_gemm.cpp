// Launches of family tf32_hc_prenorm_gemm on sm_90a. Device side:
// cpp/kernels/sm90/tf32_hc_prenorm_gemm/kernel.cuh.
#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/hc_prenorm/launch.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/launch_shape.hpp"

namespace aotgemm::sm90 {
namespace {

CUtensorMap map_of_b(const HcPrenormCall& call) {
    return tensor_map({.data = call.b.data,
                       .columns = call.k,
                       .rows = call.n,
                       .row_bytes = call.b.stride[0] * 4,
                       .box_columns = kPrenormChunkColumns,
                       .box_rows = static_cast<int32_t>(call.n),
                       .type = CU_TENSOR_MAP_DATA_TYPE_TFLOAT32,
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_128B});
}

// Clocks of a K block in a tile of so many rows, whatever else runs, and of a tile beside its K blocks (NVIDIA H200, N 24,
// 2026-11-29: 0.24 us with up to 32 rows, from M = 1 in one thread block to M = 4096 in 128).
struct TileCost {
    int32_t rows, block_clocks;
};
constexpr TileCost kTileCosts[] = {{64, 500}, {32, 430}, {16, 425}};
constexpr int64_t kTileClocks = 600;

// No bit depends on it.
int32_t tile_rows(const HcPrenormCall& call, int32_t num_sms) {
    const int64_t blocks = ceil_div(call.k / kPrenormBlockK, call.splits);
    int32_t best = 0;
    int64_t least = INT64_MAX;
    for (const TileCost& tile : kTileCosts) {
        const int64_t waves = ceil_div(ceil_div(call.m, tile.rows) * call.splits, num_sms);
        const int64_t clocks = waves * (blocks * tile.block_clocks + kTileClocks);
        if (clocks < least) best = tile.rows, least = clocks;
    }
    return best;
}

}  // namespace

void launch_tf32_hc_prenorm_gemm(const HcPrenormCall& call, const CudaDevice& device, void* stream) {
    const int32_t num_sms = hc_prenorm_sms(device);
    HcPrenormTileParams parameters{.call = hc_prenorm_params(call, tile_rows(call, num_sms)), .b = {}};
    if (call.k > 0) parameters.b = map_of_b(call);
    const auto grid = static_cast<uint32_t>(std::min<int64_t>(prenorm_items(parameters.call), num_sms));
    launch_hc_prenorm_kernel(call.n, device,
                             {.grid = grid,
                              .threads = static_cast<uint32_t>(prenorm_block_threads(parameters.call.tile_rows)),
                              .shared_bytes = kPrenormSharedBytes},
                             stream, &parameters);
}

}  // namespace aotgemm::sm90
