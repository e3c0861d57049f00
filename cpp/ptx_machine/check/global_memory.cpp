#include "ptx_machine/check/global_memory.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace aotgemm::ptx_machine {

Allocation::Allocation(std::uintptr_t base, std::size_t bytes)
    : base_(base),
      bytes_(bytes),
      defined_(static_cast<std::uint8_t*>(std::calloc(bytes + 1, 1))),
      granules_(static_cast<Granule*>(std::calloc(bytes / kGranuleBytes + 1, sizeof(Granule)))) {
    if (!defined_ || !granules_) throw std::bad_alloc();
}

bool Allocation::is_defined(std::uintptr_t address, std::size_t bytes) const {
    return std::memchr(defined_.get() + (address - base_), 0, bytes) == nullptr;
}

void Allocation::define(std::uintptr_t address, std::size_t bytes, bool defined) {
    std::memset(defined_.get() + (address - base_), defined, bytes);
}

GlobalConflict Allocation::touch(std::uintptr_t address, std::size_t bytes, bool is_write, const GridOrder& order,
                                 bool has_waited, std::uint32_t cluster) {
    GlobalConflict conflict = GlobalConflict::none;
    const std::uint32_t grid = order.grid(), floor = order.floor(has_waited);
    const auto may_run = [&](std::uint32_t other) { return other >= floor && other < grid && other != 0; };
    const std::size_t first = (address - base_) / kGranuleBytes, last = (address - base_ + bytes - 1) / kGranuleBytes;
    for (std::size_t i = first; i <= last; ++i) {
        Granule& granule = granules_.get()[i];
        const bool is_known_read =
            !is_write && granule.read_grid == grid && (granule.read_cluster == cluster || granule.read_cluster == kSeveral);
        if (is_known_read && granule.write_grid != grid && !may_run(granule.write_grid)) continue;
        if (granule.write_grid == grid && granule.write_cluster != cluster) conflict = GlobalConflict::cluster_wrote;
        if (may_run(granule.write_grid)) conflict = GlobalConflict::grid_writes;
        if (is_write) {
            if (granule.read_grid == grid && granule.read_cluster != cluster) conflict = GlobalConflict::cluster_reads;
            if (may_run(granule.read_grid)) conflict = GlobalConflict::grid_reads;
            granule.write_grid = grid;
            granule.write_cluster = cluster;
        } else {
            granule.read_cluster = granule.read_grid == grid && granule.read_cluster != cluster ? kSeveral : cluster;
            granule.read_grid = grid;
        }
    }
    return conflict;
}

void GlobalMemory::add(std::uintptr_t base, std::size_t bytes) { allocations_.try_emplace(base, base, bytes); }

void GlobalMemory::remove(std::uintptr_t base) {
    allocations_.erase(base);
    last_ = nullptr;
}

void GlobalMemory::define(std::uintptr_t address, std::size_t bytes) {
    if (Allocation* allocation = find(address, bytes)) allocation->define(address, bytes, true);
}

Allocation* GlobalMemory::find(std::uintptr_t address, std::size_t bytes) {
    if (last_ != nullptr && last_->contains(address, bytes)) return last_;
    auto next = allocations_.upper_bound(address);
    if (next == allocations_.begin()) return nullptr;
    Allocation& found = std::prev(next)->second;
    if (!found.contains(address, bytes)) return nullptr;
    return last_ = &found;
}

}  // namespace aotgemm::ptx_machine
