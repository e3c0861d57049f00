#include "dispatch/cost_model.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dispatch/checks.hpp"

namespace aotgemm {
namespace {

// Fitted to the times of all 53 kernels on the 34 shapes of benchmarks/shapes.py, on one H100 80GB HBM3 (132 SMs),
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
// Family bf16 promotes nothing and has the next stage under way while it waits: an assumption, not measured.
constexpr double kBf16StageCycles = 20;

struct Work {
    double tensor, latency, load;  // cycles per K block of one tile: 128 bytes of a row
};

bool is_bf16(const char* family) { return std::strcmp(family, "bf16") == 0; }
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

double dram_us(const aotgemm_problem& problem, const aotgemm_device& device) {
    const double m = static_cast<double>(problem.m), n = static_cast<double>(problem.n), k = static_cast<double>(problem.k);
    const double out_bytes = std::strcmp(problem.out_dtype, "fp32") == 0 ? 4 : 2;
    return ((m * k + n * k) * element_bytes(problem.family) + out_bytes * m * n) / (device.memory_gbps * kDramShare * 1e3);
}

}  // namespace

Prediction predict(const aotgemm_spec& spec, const aotgemm_problem& problem, const aotgemm_device& device) {
    const int64_t rows = align_up(ceil_div(problem.m, spec.block_m), spec.cluster_m);
    const int64_t columns = align_up(ceil_div(problem.n, spec.block_n), spec.cluster_n);
    const int32_t cluster = spec.cluster_m * spec.cluster_n;
    Prediction out{};
    out.tiles = rows * columns;
    out.grid = static_cast<int32_t>(std::min<int64_t>(out.tiles, std::max(problem.num_sms / cluster, 1) * cluster));
    out.waves = static_cast<int32_t>(ceil_div(out.tiles, out.grid));
    const Work work = work_per_k_block(spec);
    const double k_blocks = static_cast<double>(ceil_div(problem.k * (is_bf16(spec.family) ? 2 : 1), 128));
    const double cycle = 1 / (device.clock_mhz * kSustainedClock);
    const double turns = out.waves * k_blocks * cycle;
    const double busy = static_cast<double>(out.grid) / device.num_sms;
    const std::array<double, 4> bounds{turns * work.tensor, turns * work.latency, turns * work.load * busy,
                                       dram_us(problem, device)};
    static constexpr std::array<const char*, 4> kNames{"tensor cores", "promotion latency", "L2 and shared memory", "DRAM"};
    const auto longest = std::max_element(bounds.begin(), bounds.end());
    out.bound = kNames[longest - bounds.begin()];
    const double computing = *std::max_element(bounds.begin(), bounds.end() - 1);
    const double tile = kTileCycles + kTileCyclesPerElement * spec.block_m * spec.block_n;
    out.us = kLaunchUs + *longest + kOverlapLoss * std::min(computing, bounds[3]) + out.waves * tile * cycle;
    return out;
}

}  // namespace aotgemm
