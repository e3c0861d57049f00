// Runs grids: clusters one after another, the warps of a cluster by turns.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "ptx_machine/check/finding.hpp"
#include "ptx_machine/check/global_memory.hpp"
#include "ptx_machine/machine/block.hpp"
#include "ptx_machine/machine/timeline.hpp"

namespace aotgemm::ptx_machine {

// Which warp runs next: the runnable one of the least index, of the greatest, the next in turn, any by chance, or in
// turn but one of them only if nobody else can.
enum class WarpOrder { consumers_first, producers_first, in_turn, random, starve_one };
// When a bulk copy or a wgmma takes effect: at its issue, when nothing else can go on, or at some time between.
enum class AsyncTiming { at_once, late, random };

struct Schedule {
    WarpOrder order = WarpOrder::in_turn;
    AsyncTiming timing = AsyncTiming::at_once;
    std::uint64_t seed = 0;
    int starved = 0;

    // "in_turn", "consumers_first", "producers_first", "late", "starve:N" or "seed:N". Throws std::invalid_argument.
    static Schedule parse(const std::string& text);
};

struct Options {
    Schedule schedule;
    bool checks = true;
    // Each warp of a warpgroup must itself have waited for a wgmma before its operands count as read. Not strict: one
    // may wait for all four, as CUTLASS has it.
    bool strict = true;
    // Instructions of one warp without anybody else's progress, after which a loop counts as endless.
    std::uint64_t most_instructions = 50'000'000;
};

struct LaunchShape {
    std::uint32_t grid[3] = {1, 1, 1}, block[3] = {1, 1, 1};
    std::uint32_t cluster[3] = {1, 1, 1};  // blocks
    std::uint32_t shared_bytes = 0;
    bool is_programmatic = false;  // may start before the grid ahead of it is over

    std::uint32_t blocks_of_cluster() const { return cluster[0] * cluster[1] * cluster[2]; }
    std::uint32_t clusters_along(int dimension) const { return grid[dimension] / cluster[dimension]; }
};

struct Counts {
    std::uint64_t warp_instructions = 0, wgmma = 0, mma = 0, copies = 0, clusters = 0;  // mma: tcgen05.mma
    double arithmetic_seconds = 0;    // of wgmma and mma, of the processor
    std::uint64_t boxes_outside = 0;  // loads of a box that lies outside its tensor altogether
};

struct Machine {
    const Program* program = nullptr;
    LaunchShape shape;
    Options options;
    GlobalMemory* memory = nullptr;
    Findings* findings = nullptr;
    std::vector<std::uint64_t> parameters;
    std::uint32_t parameter_start = 0;  // bytes, so that maps among the parameters are aligned
    Counts counts;
    Timeline* timeline = nullptr;     // of the first cluster, if a picture is wanted
    std::vector<std::uint64_t> hits;  // executions of each instruction, if checked
    std::mt19937_64 random;
    std::uint64_t next_cluster = 0;  // that has not been launched

    std::uint8_t* parameter_bytes() { return reinterpret_cast<std::uint8_t*>(parameters.data()) + parameter_start; }
    // Clusters are launched in their order. The first block of each: ctaid.
    std::uint64_t clusters() const;
    std::array<std::uint32_t, 3> first_block(std::uint64_t cluster) const;
    // Runs every cluster. Findings say what went wrong; a grid that cannot go on is left.
    void run(const void* parameter_data);

    void report(const Warp& warp, const Instruction& instruction, const std::string& kind, const std::string& message,
                const std::string& advice);
    [[noreturn]] void stop(const Warp& warp, const Instruction& instruction, const std::string& kind,
                           const std::string& message, const std::string& advice);
};

inline Machine& machine_of(const Warp& warp) { return *warp.block->cluster->machine; }

// A finding about the instruction that the warp runs.
void report(const Warp& warp, const std::string& kind, const std::string& message, const std::string& advice);
[[noreturn]] void stop(const Warp& warp, const std::string& kind, const std::string& message,
                       const std::string& advice);

// Reports an instruction that all 32 lanes must run and do not.
void want_all_lanes(const Warp& warp, const Instruction& i);

}  // namespace aotgemm::ptx_machine
