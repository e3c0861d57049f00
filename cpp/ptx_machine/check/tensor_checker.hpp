// Happens-before of tcgen05 instructions (PTX ISA, "Memory Consistency Model for 5th generation of TensorCore
// operations").
//
// mma and cp are over for those who have waited for an mbarrier that a later tcgen05.commit of the same thread arrived
// at; ld and st are over for their warp after tcgen05.wait, and for others who synchronise with that warp. Pairs that
// the tensor core keeps in order (cp, then mma; mma, then mma of the same sums; and, as all public kernels rely on it,
// mma, then cp over scales that it reads) need no more than the order of their issue. At level strict, what is to be
// known of another thread's tcgen05 instructions is passed on by tcgen05.fence::before_thread_sync and taken up by
// tcgen05.fence::after_thread_sync.
#pragma once

#include <deque>
#include <vector>

#include "ptx_machine/check/clock.hpp"
#include "ptx_machine/check/tensor_shadow.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

class TensorChecker {
 public:
    TensorChecker(Cluster& cluster, const ClockLayout& layout, std::vector<Clock>& clocks);

    TensorShadow& shadow(const Block& block) { return shadows_[block.rank]; }

    // A warp issues an instruction that reads, or writes, part of a block's tensor memory.
    void read(const Warp& warp, const Block& block, const TensorRegion& region, const TensorAccess& by);
    void write(const Warp& warp, const Block& block, const TensorRegion& region, const TensorAccess& by);
    // Reports sums that an mma adds to though nothing has written them.
    void want_written(const Warp& warp, const Block& block, const TensorRegion& region);
    // Reports scales of an mma that lie where an mma has written sums.
    void want_no_sums(const Warp& warp, const Block& block, const TensorRegion& region);
    // Reports columns that are deallocated though somebody may still use them, and forgets them.
    void release(const Warp& warp, const Block& block, std::uint32_t first, std::uint32_t columns);

    TensorAccess access(const Warp& warp, const Instruction& i, std::uint32_t tick) const;
    // mma, cp and commit of the warp so far; what it issues is ordered for those who know.
    void issued(const Warp& warp, const Block& block);
    void loads_are_over(const Warp& warp);
    void stores_are_over(const Warp& warp);
    void fence_before(const Warp& warp);
    void fence_after(const Warp& warp);

    // Whether any warp of the block knows of the last operation of others that touches it; else a warp's agent.
    int unfinished(const Block& block) const;

 private:
    enum class Order : std::uint8_t { ordered, unfenced, unordered };
    Order order_by(const Warp& warp, int component, std::uint32_t tick) const;
    Order completion(const Warp& warp, const TensorAccess& earlier) const;
    Order order(const Warp& warp, const TensorAccess& earlier, bool earlier_writes, const TensorAccess& later,
                bool later_writes) const;
    void report(const Warp& warp, const TensorRegion& region, const TensorAccess& earlier, Order order, bool is_write);
    void learn(const Warp& warp, int component, std::uint32_t value) {
        std::uint32_t& known = clocks_[static_cast<std::size_t>(warp.agent)].known[static_cast<std::size_t>(component)];
        known = std::max(known, value);
    }

    Cluster& cluster_;
    const ClockLayout& layout_;
    std::vector<Clock>& clocks_;
    bool strict_;
    std::deque<TensorShadow> shadows_;               // by block
    std::vector<std::vector<std::uint32_t>> views_;  // by agent: what it knew at its last fence::after_thread_sync
    std::vector<std::vector<std::uint32_t>> last_;   // by block and agent: its last operation that touches the block
};

}  // namespace aotgemm::ptx_machine
