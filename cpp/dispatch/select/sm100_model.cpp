#include "dispatch/select/sm100_model.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch/base/checked.hpp"
#include "dispatch/select/sm100_facts.hpp"
#include "kernels/sm100/pipeline/load_boxes.hpp"

// As time_model.cpp: nothing is contracted, and of functions the square root alone is taken.
namespace aotgemm {
namespace {

constexpr double kBytesPerUsOfGbps = 1e3;

// Cycles of one instruction: the slower of its columns and of its reads of shared memory.
double instruction_cycles(double columns, bool is_pair) {
    const double rows = sm100::kInstructionRows + (is_pair ? columns / 2 : columns);
    const double reads = rows * sm100::kBytesOfInstruction / sm100::kSharedBytesPerClock;
    const double sums = columns / sm100::kColumnsPerClock;
    return std::max(sums, reads + (is_pair && reads > sums ? sm100::kPairCycles : 0));
}

double clock_of(const aotgemm_device& device) {  // cycles in a microsecond
    return std::max(device.clock_mhz, 1) * sm100::kTensorClockShare;
}

// Bytes that arrive in an SM in a microsecond while `working` SMs load.
double fill_rate(double working) { return std::min(sm100::kFillBytesPerUsOfOne, sm100::kFillBytesPerUs / working); }

// Bytes that a block loads for 128 bytes of K. Of a K-major A that has fewer rows than a tile, loads bring its own alone
// (dispatch/ops/gemm/sm100/arguments.hpp); M of other groupings is not what their tensors have, or only expected.
double k_block_bytes(const Sm100Tile& tile, const Extents& of) {
    const bool knows_rows = of.grouping == TileGrouping::dense || of.grouping == TileGrouping::batched;
    const auto live = static_cast<double>(align_up(of.m, sm100::kAtomRows));
    const bool loads_live = of.a_is_k_major && knows_rows && !tile.shares_a;
    return ((loads_live ? std::min(tile.rows_a, live) : tile.rows_a) + tile.rows_b) * kBytesOfKBlock;
}

double memory_bytes(const TileCounts& counts, const Extents& of) {
    const double matrices = of.grouping == TileGrouping::batch_reduced ? static_cast<double>(of.ranges)
                            : of.grouping == TileGrouping::contiguous || of.grouping == TileGrouping::psum
                                ? 1
                                : static_cast<double>(of.groups);
    return counts.read_bytes + matrices * static_cast<double>(of.m) * static_cast<double>(of.n) * of.out_bytes;
}

double peak_share(double us, const Extents& of, const aotgemm_device& device) {
    const double rows = of.grouping == TileGrouping::batched || of.grouping == TileGrouping::masked ||
                                of.grouping == TileGrouping::batch_reduced
                            ? static_cast<double>(of.groups) * static_cast<double>(of.m)
                            : static_cast<double>(of.m);
    const double instructions = rows / sm100::kInstructionRows * static_cast<double>(of.n) / sm100::kColumnsPerClock *
                                static_cast<double>(of.k) * of.element_bytes / sm100::kBytesOfInstruction;
    return instructions / (std::max(device.num_sms, 1) * clock_of(device) * us);
}

}  // namespace

bool has_sm100_model(const aotgemm_device& device) { return device.cc_major == 10 && device.cc_minor == 0; }

Sm100Tile::Sm100Tile(const aotgemm_spec& spec) {
    const bool is_pair = spec.cluster_m * spec.cluster_n == 2;
    const double rows = spec.swap_ab ? spec.block_n : spec.block_m;
    const double columns = spec.swap_ab ? spec.block_m : spec.block_n;
    const double passes = std::ceil(rows / sm100::kInstructionRows);
    k_block_cycles = passes * instruction_cycles(columns, is_pair) * kBytesOfKBlock / sm100::kBytesOfInstruction;
    rows_a = static_cast<double>(spec.block_m) / spec.cluster_n;
    rows_b = static_cast<double>(spec.block_n) / spec.cluster_m;
    shares_a = spec.cluster_n > 1;
    epilogue_cycles = passes * columns * sm100::kEpilogueCyclesOfColumn;
}

Sm100Time predict_sm100(const Sm100Tile& tile, const TileCounts& counts, const Extents& of, const aotgemm_device& device) {
    Sm100Time out{};
    const double tensor_us = tile.k_block_cycles / clock_of(device);
    const double load_us = k_block_bytes(tile, of) / fill_rate(counts.working);
    const double main_us = counts.k_blocks * std::max(tensor_us, load_us);
    const double epilogue_us = tile.epilogue_cycles / clock_of(device);
    out.loads_bound = load_us > tensor_us;
    // Two accumulators: an epilogue runs while the next tile is multiplied, and the last one alone.
    out.computing_us = static_cast<double>(counts.waves) * std::max(main_us, epilogue_us) + std::min(main_us, epilogue_us);
    out.memory_us = memory_bytes(counts, of) / (std::max(device.memory_gbps, 1) * kBytesPerUsOfGbps * sm100::kMemoryShare);
    out.us = sm100::kLaunchUs + std::sqrt(out.computing_us * out.computing_us + out.memory_us * out.memory_us);
    out.tensor_share = peak_share(out.us, of, device);
    return out;
}

}  // namespace aotgemm
