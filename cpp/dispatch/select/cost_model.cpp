#include "dispatch/select/cost_model.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dispatch/select/batch_ranges.hpp"

namespace aotgemm {
namespace {

// Fitted to the times of all 53 kernels on 34 dense shapes, on one H100 80GB HBM3 (132 SMs),
// L2 flushed, 2026-11-24. On those shapes the choice costs at most 6.6% over the best kernel.
constexpr double kLaunchUs = 5.8;             // launch, first loads, last stores, and what measuring adds
constexpr double kSustainedClock = 0.824;     // of the boost clock
constexpr double kDramShare = 0.794;          // of the nominal bandwidth
constexpr double kLoadBytesPerClock = 75;     // per SM, all SMs loading
constexpr double kInstructionCycles = 31;     // at least, beside a quarter of its columns
constexpr double kWaitCycles = 54;            // from a stage's last matrix instruction to its result
constexpr double kUnitCycles = 46;            // instructions around a stage that promote its sums
constexpr double kStageCycles = 100;          // of a stage, hidden by nothing
constexpr double kTileCycles = 167;           // of a tile: its epilogue,
constexpr double kTileCyclesPerElement = 1 / 8.0;  // and that for each element of D
constexpr double kOverlapLoss = 0.15;         // of the shorter of computing and reading DRAM
// Family bf16_gemm promotes nothing and has the next stage under way while it waits: an assumption, not measured.
constexpr double kBf16StageCycles = 20;

struct Work {
    double tensor, latency, load;  // cycles per K block of one tile: 128 bytes of a row
};

bool is(const char* x, const char* y) { return std::strcmp(x, y) == 0; }
bool is_bf16(const char* family) { return is(family, "bf16_gemm"); }
bool is_batch_reduced(const aotgemm_problem& problem) { return is(problem.grouping, "batch_reduced"); }
double element_bytes(const char* family) { return is_bf16(family) ? 2 : 1; }

// One 64 x n matrix instruction, 32 bytes of K deep: n/2 cycles of arithmetic, or reading its operands from shared memory.
double instruction_cycles(double n) { return std::max(n / 2, kInstructionCycles + n / 4); }

Work work_per_k_block(const aotgemm_spec& spec) {
    const double rows = spec.swap_ab ? spec.block_n : spec.block_m, columns = spec.swap_ab ? spec.block_m : spec.block_n;
    const double consumers = spec.threads / 128 - 1;
    const bool split = rows == 64 && consumers == 2;
    const double n = split ? columns / 2 : columns;
    const double passes = split ? 1 : rows / 64 / consumers;
    const double slices = spec.block_k * element_bytes(spec.family) / 128;
    const double chain = 4 * instruction_cycles(n);
    const double promote = is_bf16(spec.family) ? 0 : n / 2 + kUnitCycles / slices;
    const double rest = (is_bf16(spec.family) ? kBf16StageCycles : kStageCycles) / slices;
    Work work{};
    work.tensor = consumers * passes * chain + rest;
    // A consumer's K block costs its own chain and promotion, less what other units under way hide.
    const double alone = passes * (chain + promote + kWaitCycles / slices);
    work.latency = is_bf16(spec.family) ? passes * chain + rest
                                        : std::max(alone / spec.in_flight, passes * promote) + rest;
    const double bytes_a = spec.block_m * 128.0 / spec.cluster_n, bytes_b = spec.block_n * 128.0 / spec.cluster_m;
    work.load = (bytes_a + bytes_b) / kLoadBytesPerClock + rest;
    return work;
}

bool has_rows_of_all_groups(const aotgemm_problem& problem) {
    return is(problem.grouping, "contiguous") || is(problem.grouping, "psum");
}

// Rows of tiles. Groups of psum need not fill their last tile; how full they are is known to the device alone.
int64_t tile_rows(const aotgemm_problem& problem, int32_t block_m) {
    if (is(problem.grouping, "psum")) return problem.groups * ceil_div(ceil_div(problem.m, problem.groups), block_m);
    if (has_rows_of_all_groups(problem)) return ceil_div(problem.m, block_m);
    if (is_batch_reduced(problem)) {
        return batch_ranges(problem.groups, problem.m, problem.n) * ceil_div(problem.m, block_m);
    }
    return problem.groups * ceil_div(problem.m, block_m);
}

// K elements that a tile sums over, at most.
int64_t k_of_tile(const aotgemm_problem& problem, int32_t block_k) {
    if (is(problem.grouping, "k_grouped")) return ceil_div(problem.k, problem.groups);
    if (is_batch_reduced(problem)) {  // stages hold no two batches
        return batches_of_a_range(problem.groups, problem.m, problem.n) * align_up(problem.k, block_k);
    }
    return problem.k;
}

double dram_us(const aotgemm_problem& problem, const aotgemm_device& device) {
    const double m = static_cast<double>(problem.m), n = static_cast<double>(problem.n), k = static_cast<double>(problem.k);
    const double groups = problem.groups, groups_of_a = has_rows_of_all_groups(problem) ? 1 : groups;
    const double out_bytes = is(problem.out_dtype, "fp32") ? 4 : 2, in_bytes = element_bytes(problem.family);
    if (is(problem.grouping, "k_grouped")) {  // k of all groups; D is read and written
        return ((m * k + n * k) * in_bytes + 2 * out_bytes * groups * m * n) /
               (device.memory_gbps * kDramShare * 1e3);
    }
    // The parts of a sum over batches come and go through the L2; adding them up is the same for every kernel.
    const double outputs = is_batch_reduced(problem) ? m * n : groups_of_a * m * n;
    return ((groups_of_a * m * k + groups * n * k) * in_bytes + out_bytes * outputs) /
           (device.memory_gbps * kDramShare * 1e3);
}

}  // namespace

Prediction predict(const aotgemm_spec& spec, const aotgemm_problem& problem, const aotgemm_device& device) {
    const int64_t rows = align_up(tile_rows(problem, spec.block_m), spec.cluster_m);
    const int64_t columns = align_up(ceil_div(problem.n, spec.block_n), spec.cluster_n);
    const int32_t cluster = spec.cluster_m * spec.cluster_n;
    Prediction out{};
    out.tiles = rows * columns;
    const int32_t most = std::max(problem.num_sms / cluster, 1) * cluster;
    const auto working = static_cast<int32_t>(std::min<int64_t>(out.tiles, most));
    out.waves = ceil_div(out.tiles, working);
    // Where the device alone knows how many tiles there are, blocks for all of them start.
    out.grid = is(problem.grouping, "psum") || is(problem.grouping, "masked") ? most : working;
    const Work work = work_per_k_block(spec);
    const int64_t of_tile = k_of_tile(problem, spec.block_k);
    const double k_blocks = static_cast<double>(ceil_div(of_tile * (is_bf16(spec.family) ? 2 : 1), 128));
    const double cycle = 1 / (device.clock_mhz * kSustainedClock);
    const double turns = static_cast<double>(out.waves) * k_blocks * cycle;
    const double busy = static_cast<double>(working) / device.num_sms;
    const std::array<double, 4> bounds{turns * work.tensor, turns * work.latency, turns * work.load * busy,
                                       dram_us(problem, device)};
    static constexpr std::array<const char*, 4> kNames{"tensor cores", "promotion latency", "L2 and shared memory", "DRAM"};
    const auto longest = std::max_element(bounds.begin(), bounds.end());
    out.bound = kNames[longest - bounds.begin()];
    const double computing = *std::max_element(bounds.begin(), bounds.end() - 1);
    const double tile = kTileCycles + kTileCyclesPerElement * spec.block_m * spec.block_n;
    out.us = kLaunchUs + *longest + kOverlapLoss * std::min(computing, bounds[3]) +
             static_cast<double>(out.waves) * tile * cycle;
    return out;
}

}  // namespace aotgemm
