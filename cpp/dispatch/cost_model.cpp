#include "dispatch/cost_model.hpp"

#include <algorithm>
#include <array>

#include "dispatch/checks.hpp"

namespace aotgemm {
namespace {

// First constants, from the ISA's rates and from baselines on one H100 80GB HBM3, 2026-11-24.
constexpr double kLaunchUs = 3.0;              // launch, first loads, last stores
constexpr double kSustainedClock = 0.82;       // of the boost clock, under tensor-core load
constexpr double kDramShare = 0.88;            // of the nominal bandwidth that a read stream reaches
constexpr double kL2BytesPerClock = 38.0;      // per SM, all SMs loading
constexpr double kWaitCycles = 90.0;           // from the last matrix instruction to its result, with the barriers
constexpr double kUnitCycles = 40.0;           // instructions around a K block that nothing hides
constexpr double kTileCycles = 700.0;          // first stage's latency and the epilogue, per tile

struct Work {
    double tensor, latency, load;  // cycles per K block of one tile
};

// One 64 x n x 32 matrix instruction: n/2 cycles of arithmetic, or reading its operands from shared memory.
double instruction_cycles(double n) { return std::max(n / 2, 16 + n / 4); }

Work work_per_k_block(const aotgemm_spec& spec) {
    const double rows = spec.swap_ab ? spec.block_n : spec.block_m, columns = spec.swap_ab ? spec.block_m : spec.block_n;
    const double consumers = spec.threads / 128 - 1;
    const bool split = rows == 64 && consumers == 2;
    const double n = split ? columns / 2 : columns;
    const double passes = split ? 1 : rows / 64 / consumers;
    const double chain = 4 * instruction_cycles(n);
    const double promote = n / 2 + kUnitCycles;
    Work work{};
    work.tensor = consumers * passes * chain;
    // A consumer's K block costs its own chain and promotion, less what other units under way hide.
    const double alone = passes * (chain + promote + kWaitCycles);
    work.latency = std::max(alone / spec.in_flight, passes * promote);
    const double bytes_a = spec.block_m * 128.0 / spec.cluster_n, bytes_b = spec.block_n * 128.0 / spec.cluster_m;
    work.load = (bytes_a + bytes_b) / kL2BytesPerClock;
    return work;
}

double dram_us(const aotgemm_problem& problem, const aotgemm_device& device) {
    const double m = static_cast<double>(problem.m), n = static_cast<double>(problem.n), k = static_cast<double>(problem.k);
    return (m * k + n * k + 2 * m * n) / (device.memory_gbps * kDramShare * 1e3);
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
    const double k_blocks = static_cast<double>(ceil_div(problem.k, 128));
    const double cycle = 1 / (device.clock_mhz * kSustainedClock);
    const double dram = dram_us(problem, device);
    const std::array<double, 4> bounds{out.waves * k_blocks * work.tensor * cycle, out.waves * k_blocks * work.latency * cycle,
                                       out.waves * k_blocks * work.load * cycle, dram};
    static constexpr std::array<const char*, 4> kNames{"tensor cores", "promotion latency", "L2 and shared memory", "DRAM"};
    const auto longest = std::max_element(bounds.begin(), bounds.end());
    out.bound = kNames[longest - bounds.begin()];
    out.us = kLaunchUs + *longest + out.waves * kTileCycles * cycle;
    return out;
}

}  // namespace aotgemm
