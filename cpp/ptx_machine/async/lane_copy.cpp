#include "ptx_machine/async/lane_copy.hpp"

#include <algorithm>
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"

namespace aotgemm::ptx_machine {
namespace {

void copy_in(const LaneCopy& copy, const Mbarrier& barrier) {
    Warp& warp = *copy.issuer;
    std::uint8_t* to = warp.block->shared.data() + copy.shared;
    const std::uint32_t read = std::min(copy.bytes, copy.bytes_read);
    std::memset(to, 0, copy.bytes);
    if (read != 0) std::memcpy(to, reinterpret_cast<const void*>(copy.global), read);
    if (warp.check == nullptr) return;
    const bool defined = read == 0 || warp.check->global_is_defined(warp, copy.global, read);
    warp.check->lane_copy_writes_shared(copy, barrier, defined);
}

}  // namespace

void issue_lane_copy(Warp& warp, LaneCopy copy) {
    copy.instruction = &warp.current();
    copy.issuer = &warp;
    if (warp.check != nullptr) {
        copy.clock = warp.check->clock(warp);
        copy.met = warp.check->met(warp);
    }
    warp.block->cluster->lane_copies.push_back(std::move(copy));
}

void issue_lane_arrival(Warp& warp, const Instruction& i, int lane, std::uint32_t barrier) {
    Cluster& cluster = *warp.block->cluster;
    LaneArrival arrival;
    arrival.instruction = &i;
    arrival.issuer = &warp;
    arrival.lane = lane;
    arrival.barrier = barrier;
    arrival.copies = static_cast<std::size_t>(
        std::count_if(cluster.lane_copies.begin(), cluster.lane_copies.end(),
                      [&](const LaneCopy& copy) { return copy.issuer == &warp && copy.lane == lane; }));
    if (warp.check != nullptr) arrival.clock = warp.check->clock(warp);
    cluster.lane_arrivals.push_back(std::move(arrival));
    if (machine_of(warp).options.schedule.timing == AsyncTiming::at_once)
        take_lane_effect(cluster, cluster.lane_arrivals.size() - 1);
}

void take_lane_effect(Cluster& cluster, std::size_t place) {
    const LaneArrival& meant = cluster.lane_arrivals[place];
    const auto first = std::find_if(cluster.lane_arrivals.begin(), cluster.lane_arrivals.end(), [&](const auto& other) {
        return other.issuer == meant.issuer && other.lane == meant.lane;
    });
    const LaneArrival arrival = std::move(*first);
    cluster.lane_arrivals.erase(first);
    Warp& warp = *arrival.issuer;
    Mbarrier& barrier = mbarrier_at(warp, *arrival.instruction, {warp.block, arrival.barrier}, false);
    std::size_t left = arrival.copies;
    std::erase_if(cluster.lane_copies, [&](const LaneCopy& copy) {
        if (copy.issuer != &warp || copy.lane != arrival.lane || left == 0) return false;
        --left;
        copy_in(copy, barrier);
        return true;
    });
    for (LaneArrival& other : cluster.lane_arrivals)
        if (other.issuer == &warp && other.lane == arrival.lane) other.copies -= std::min(other.copies, arrival.copies);
    if (warp.check != nullptr) warp.check->arrive_after_copies(arrival, barrier);
    arrive_at(warp, *arrival.instruction, *warp.block, barrier);
}

}  // namespace aotgemm::ptx_machine
