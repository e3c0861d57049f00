// Family fp8_gemm_1d1d on the CPU. Device twin: cpp/kernels/sm90/fp8_gemm_1d1d/kernel.cuh.
#include "emulation/ops/fp8_gemm_1d1d.hpp"
#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/sm90/fp8_tiles.hpp"
#include "emulation/core/output.hpp"

namespace aotgemm::emulation {
namespace {

void load_scales(const Fp8Gemm1d1d& gemm, const TileOrigin& tile, std::int64_t block, Fp8BlockScales& scales) {
    load_row_scales(gemm.sfa, tile.row, tile.rows, block, scales.row);
    load_row_scales(gemm.sfb, tile.column, tile.columns, block, scales.column);
}

template <class Out>
void store(const Fp8Gemm1d1d& gemm, const TileOrigin& tile, const Fp8Accumulators& sums) {
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            store_output<Out>(gemm.c, gemm.d, tile.row + row, tile.column + column,
                              with_canonical_nan(sums.value[row][column]));
}

}  // namespace

void fp8_gemm_1d1d(std::span<const Fp8Gemm1d1d> gemms, OutType type, int threads) {
    for_each_fp8_tile(gemms, threads, [&](const Fp8Gemm1d1d& gemm, const TileOrigin& tile, Fp8Scratch& scratch) {
        accumulate_fp8_blocks(gemm, tile, scratch, load_scales);
        const auto put = type == OutType::fp32 ? store<float> : store<std::uint16_t>;
        put(gemm, tile, scratch.promoted);
    });
}

}  // namespace aotgemm::emulation
