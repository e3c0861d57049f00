#include "dispatch/ops/hc_prenorm/tile_rows.hpp"

#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm {
namespace {

// A model, in clocks; its constants are guesses that no card has confirmed.
constexpr double kLeastOfBlock = 150;      // the wgmma of a K block, one after the other
constexpr double kBytesOfSm = 48;          // into one SM from the L2
constexpr double kBytesOfAll = 4000;       // from the L2 into all SMs
constexpr double kClocksOfItem = 1500;     // to start and to end

double clocks(const HcPrenormSize& size, int32_t rows, int32_t num_sms) {
    const auto blocks = static_cast<double>(ceil_div(size.k / sm90::kPrenormBlockK, size.splits));
    const auto items = static_cast<double>(ceil_div(size.m, rows) * size.splits);
    const double block_bytes = sm90::kPrenormBlockK * (rows * 2.0 + static_cast<double>(size.n) * 4.0);
    const auto waves = static_cast<double>(ceil_div(static_cast<int64_t>(items), num_sms));
    const double of_block = std::max(kLeastOfBlock, block_bytes / kBytesOfSm);
    return std::max(waves * (blocks * of_block + kClocksOfItem), items * blocks * block_bytes / kBytesOfAll);
}

}  // namespace

int32_t hc_prenorm_tile_rows(const HcPrenormSize& size, int32_t num_sms) {
    int32_t best = sm90::kPrenormMostRows;
    for (int32_t rows = best / 2; rows >= sm90::kPrenormWarpRows; rows /= 2)
        if (clocks(size, rows, num_sms) < clocks(size, best, num_sms)) best = rows;
    return best;
}

}  // namespace aotgemm
