// Vector clocks. A component counts what one agent has done; a clock says how much of that is known to its owner.
//
// Components of a cluster, in this order: each warp's own steps (they advance when it releases), each warp's completed
// wgmma, each warp's bulk stores that have read their shared memory, each block's mbarrier phases, and whether the
// grids before this one are known to be over (griddepcontrol.wait). In a kernel that uses tensor memory, of each warp
// too: its mma, cp and commit that are over, and those that are issued; its tcgen05.ld that are over; its tcgen05.st.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace aotgemm::ptx_machine {

struct Clock {
    std::vector<std::uint32_t> known;    // through the generic proxy
    std::vector<std::uint32_t> proxied;  // warps' steps that a proxy fence has made known to the async proxy
    std::vector<std::uint32_t>
        published;  // warps' steps up to which fence.mbarrier_init has published what they initialised

    bool empty() const { return known.empty(); }
    void join(const Clock& other) {
        for (std::size_t i = 0; i < other.known.size(); ++i) known[i] = std::max(known[i], other.known[i]);
        for (std::size_t i = 0; i < other.proxied.size(); ++i) proxied[i] = std::max(proxied[i], other.proxied[i]);
        join_published(other);
    }
    void join_published(const Clock& other) {
        for (std::size_t i = 0; i < other.published.size(); ++i)
            published[i] = std::max(published[i], other.published[i]);
    }
    // What both know.
    void meet(const Clock& other) {
        for (std::size_t i = 0; i < other.known.size(); ++i) known[i] = std::min(known[i], other.known[i]);
        for (std::size_t i = 0; i < other.proxied.size(); ++i) proxied[i] = std::min(proxied[i], other.proxied[i]);
    }
    void clear() {
        std::fill(known.begin(), known.end(), 0);
        std::fill(proxied.begin(), proxied.end(), 0);
        std::fill(published.begin(), published.end(), 0);
    }
};

struct ClockLayout {
    int warps = 0;      // of the cluster
    int mbarriers = 0;  // of the cluster
    bool uses_tensor_memory = false;
    int step(int agent) const { return agent; }
    int wgmma(int agent) const { return warps + agent; }
    int bulk(int agent) const { return 2 * warps + agent; }
    int mbarrier(int index) const { return 3 * warps + index; }
    int prerequisites() const { return 3 * warps + mbarriers; }
    int tensor(int agent) const { return prerequisites() + 1 + agent; }
    int issued(int agent) const { return tensor(warps) + agent; }
    int loads(int agent) const { return issued(warps) + agent; }
    int stores(int agent) const { return loads(warps) + agent; }
    int size() const { return uses_tensor_memory ? stores(warps) : prerequisites() + 1; }
    bool is_tensor(int component) const {
        return uses_tensor_memory && component >= tensor(0) && component < tensor(warps);
    }
    Clock make() const {
        return {std::vector<std::uint32_t>(static_cast<std::size_t>(size())),
                std::vector<std::uint32_t>(static_cast<std::size_t>(warps)),
                std::vector<std::uint32_t>(static_cast<std::size_t>(warps))};
    }
};

}  // namespace aotgemm::ptx_machine
