// A thread block and its cluster: shared memory, barriers, warpgroups, work under way.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "ptx_machine/async/tensor_map.hpp"
#include "ptx_machine/async/tensor_op.hpp"
#include "ptx_machine/check/clock.hpp"
#include "ptx_machine/machine/mbarrier.hpp"
#include "ptx_machine/machine/tensor_memory.hpp"
#include "ptx_machine/machine/warp.hpp"

namespace aotgemm::ptx_machine {

struct Cluster;
struct Machine;

// One wgmma of a warpgroup, from its first warp's issue to its execution.
struct WgmmaOp {
    const Instruction* instruction = nullptr;
    std::uint64_t a = 0, b = 0;  // descriptors
    bool accumulates = false;
    int issued = 0;  // warps
    Clock clock;     // what all its issuers know; empty without a checker
};

struct Warpgroup {
    std::deque<WgmmaOp> ops;
    std::uint32_t executed = 0;          // ops, in order; ops.front() is the next
    std::vector<std::uint64_t> done_at;  // of the timeline: when each op is over
};

struct NamedBarrier {
    std::uint32_t wanted = 0, arrived = 0;  // threads
    bool all = true;                        // of barrier.cta.red
    int line = 0;
    std::uint64_t step = 0;  // of the timeline: of the latest arrival
};

inline constexpr int kNamedBarriers = 16;
inline constexpr int kWarpsOfWarpgroup = 4;
inline constexpr std::uint32_t kMostMbarriers = 80;  // of a block
// Shared addresses of a cluster's blocks, as on the GPU: the block's rank above, the offset in its window below.
inline constexpr std::uint32_t kRankShift = 24;
inline constexpr std::uint32_t kOffsetMask = (1u << kRankShift) - 1;

struct Block {
    Cluster* cluster = nullptr;
    std::uint32_t rank = 0;  // in the cluster
    std::uint32_t x = 0, y = 0, z = 0;
    std::vector<std::uint8_t> shared;  // its window, from address 0
    std::vector<Warp> warps;
    std::vector<Warpgroup> warpgroups;
    std::array<NamedBarrier, kNamedBarriers> barriers{};
    std::deque<Mbarrier> mbarriers;
    std::vector<std::int16_t> mbarrier_at;  // by address / 8; -1: none
    bool exited = false;
    std::int64_t registers_short = 0;             // that setmaxnreg.inc took beyond those that setmaxnreg.dec gave
    std::unique_ptr<TensorMemory> tensor_memory;  // of a kernel that uses it
    int tensor_group = 0;                         // blocks that its tcgen05 instructions are for; 0: none yet
    // tcgen05 mma, cp and commit without effect yet, in the order in which they take effect: of this block, or of its
    // pair if its rank is even.
    std::deque<TensorOp> tensor_ops;
    std::uint64_t tensor_done_at = 0;  // of the timeline: when its tensor core has done what it drew

    Mbarrier* find_mbarrier(std::uint32_t address) {
        if (address % 8 != 0 || address / 8 >= mbarrier_at.size() || mbarrier_at[address / 8] < 0) return nullptr;
        return &mbarriers[static_cast<std::size_t>(mbarrier_at[address / 8])];
    }
};

enum class CopyKind : std::uint8_t { load, store, add };

// A bulk tensor copy from its issue to its effect.
struct BulkCopy {
    CopyKind kind = CopyKind::load;
    const Instruction* instruction = nullptr;
    const TensorMap* map = nullptr;
    std::array<std::int32_t, 5> at{};
    std::uint32_t shared = 0;   // address in each block's window
    std::uint32_t barrier = 0;  // likewise
    // Of a load by a pair of blocks: which of each pair has the barrier; -1: each block that is written has its own.
    int barrier_parity = -1;
    std::uint32_t blocks = 0;   // mask of ranks that a load writes; of a store its block
    Warp* issuer = nullptr;
    int lane = 0;
    std::uint32_t tick = 0;     // of a store
    Clock clock;                // what its issuer knows; empty without a checker
    std::uint64_t done_at = 0;  // step of the timeline
    std::uint32_t met = 0;      // up to which of its own steps the lanes of its issuer have met

    bool is_load() const { return kind == CopyKind::load; }
    // Rank of the block at whose barrier the bytes count that come to the block `rank`.
    std::uint32_t barrier_rank(std::uint32_t rank) const {
        return barrier_parity < 0 ? rank : (rank & ~1u) | static_cast<std::uint32_t>(barrier_parity);
    }
};

// cp.async of one lane, from its issue to its effect.
struct LaneCopy {
    const Instruction* instruction = nullptr;
    Warp* issuer = nullptr;
    int lane = 0;
    std::uint64_t global = 0;
    std::uint32_t shared = 0, bytes = 0;
    std::uint32_t bytes_read = 0;  // zeros follow
    Clock clock;                   // what its issuer knows; empty without a checker
    std::uint32_t met = 0;         // up to which of its own steps the lanes of its issuer have met
};

// cp.async.mbarrier.arrive of one lane: an arrival once the copies are over that the lane has issued before.
struct LaneArrival {
    const Instruction* instruction = nullptr;
    Warp* issuer = nullptr;
    int lane = 0;
    std::uint32_t barrier = 0;  // address in its block's window
    std::size_t copies = 0;     // of its lane, those that have no effect yet
    Clock clock;
};

struct Cluster {
    Machine* machine = nullptr;
    std::deque<Block> blocks;
    std::deque<BulkCopy> copies;            // without effect yet
    std::deque<LaneCopy> lane_copies;       // likewise
    std::deque<LaneArrival> lane_arrivals;  // likewise
    std::uint32_t arrived = 0;    // warps at barrier.cluster.arrive in this phase
    std::uint32_t phase = 0;      // number of completed phases of it
    std::uint32_t warps = 0, exited_warps = 0;
    std::uint64_t step = 0;  // of the timeline: of the latest arrival at its barrier
    Clock cluster_clock;
};

}  // namespace aotgemm::ptx_machine
