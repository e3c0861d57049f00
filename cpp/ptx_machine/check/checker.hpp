// Happens-before within a cluster (PTX ISA, "Memory Consistency Model" and "Asynchronous operations"): every access to
// shared memory must be ordered after the conflicting ones before it, with a proxy fence on the way where an
// asynchronous read follows an ordinary write.
#pragma once

#include <memory>
#include <vector>

#include "ptx_machine/check/shared_shadow.hpp"
#include "ptx_machine/check/tensor_checker.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

class Checker {
   public:
    explicit Checker(Cluster& cluster);

    // Edges.
    void release(const Warp& warp, Clock& into);
    void acquire(const Warp& warp, const Clock& from);
    void proxy_fence(const Warp& warp);
    void mbarrier_init_fence(const Warp& warp);
    void step(const Warp& warp);  // what the warp did is told apart from what it does next
    void lanes_meet(const Warp& warp);
    // Up to which of its own steps the warp's lanes know of each other.
    std::uint32_t met(const Warp& warp) const { return met_[static_cast<std::size_t>(warp.agent)]; }
    void prerequisites_are_over(const Warp& warp);
    void launch_dependents(const Warp& warp);
    void wgmma_is_done(const Warp& warp);
    void bulk_is_read(const Warp& warp, std::uint32_t tick);
    void arrive(const Warp& warp, const Block& block, const Mbarrier& barrier);
    // A warp of another block that may arrive at one of this block's mbarriers after it has exited; -1: none.
    int arrival_after_exit(const Block& block) const;
    void phase_is_complete(const Mbarrier& barrier);
    void wait_succeeded(const Warp& warp, const Mbarrier& barrier);
    const Clock& clock(const Warp& warp) const { return clocks_[static_cast<std::size_t>(warp.agent)]; }
    Clock& barrier_clock(const Block& block, int barrier);
    const ClockLayout& layout() const { return layout_; }

    // Accesses of one lane. `instruction` is the warp's current one.
    void shared_load(Warp& warp, std::uint32_t address, std::uint32_t bytes, int lane);
    void shared_store(Warp& warp, std::uint32_t address, std::uint32_t bytes, int lane, bool defined,
                      bool is_atomic = false);
    bool shared_is_defined(const Block& block, std::uint32_t address, std::uint32_t bytes) const {
        return shadow_of(block).is_defined(address, bytes);
    }
    // False: not all of it is allocated.
    bool global_access(Warp& warp, const Instruction& i, std::uint64_t address, std::uint32_t bytes, bool is_write);
    bool global_is_defined(const Warp& warp, std::uint64_t address, std::uint32_t bytes) const;
    void global_define(const Warp& warp, std::uint64_t address, std::uint32_t bytes, bool defined);

    // Accesses of a bulk copy.
    void copy_writes_shared(const BulkCopy& copy, const Block& block, std::uint32_t address, std::uint32_t bytes,
                            bool defined);
    void copy_reads_shared(const BulkCopy& copy, const Block& block, std::uint32_t address, std::uint32_t bytes);
    // Of cp.async: who waits for the barrier's phase knows of the copy.
    void lane_copy_writes_shared(const LaneCopy& copy, const Mbarrier& barrier, bool defined);
    void arrive_after_copies(const LaneArrival& arrival, const Mbarrier& barrier);

    // Of a wgmma: `tick` is its number in its warpgroup, from 1.
    void wgmma_reads(const Block& block, const WgmmaOp& op, int warpgroup, std::uint32_t tick, std::uint32_t address,
                     std::uint32_t bytes);

    // Of tcgen05: mma and cp read shared memory, a commit arrives.
    void tensor_reads_shared(const TensorOp& op, const Block& block, std::uint32_t address, std::uint32_t bytes);
    void commit_arrives(const TensorOp& op, const Block& block, const Mbarrier& barrier);
    TensorChecker& tensor() { return *tensor_; }

    // Reports a warp that uses an mbarrier without knowing that it is initialised.
    void want_mbarrier_known(Warp& warp, const Instruction& i, const Block& block, std::uint32_t address);
    void mark_mbarrier(const Block& block, std::uint32_t address, bool is_one) {
        shadow_of(block).mark_mbarrier(address, is_one);
    }

   private:
    const SharedShadow& shadow_of(const Block& block) const { return shadows_[block.rank]; }
    SharedShadow& shadow_of(const Block& block) { return shadows_[block.rank]; }
    void report(Warp& warp, const Instruction& i, Conflict conflict, const Earlier& earlier, std::uint32_t address,
                bool is_write, bool is_async) const;
    std::string writer_of(const Warp& warp, const Earlier& earlier) const;

    Cluster& cluster_;
    ClockLayout layout_;
    std::vector<Clock> clocks_;       // of warps, by agent
    std::vector<std::uint32_t> met_;  // by agent
    std::vector<std::vector<std::uint32_t>>
        arrived_from_;                       // by block and agent: its step at its last arrival from elsewhere
    std::vector<Clock> named_;               // of named barriers, by block and number
    std::vector<Clock> pending_, complete_;  // of mbarriers, by index: of the phase under way and the one before
    std::vector<SharedShadow> shadows_;
    std::unique_ptr<TensorChecker> tensor_;  // of a kernel that uses tensor memory
};

}  // namespace aotgemm::ptx_machine
