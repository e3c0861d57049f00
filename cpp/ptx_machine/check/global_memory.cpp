#include "ptx_machine/check/global_memory.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace aotgemm::ptx_machine {

Allocation::Allocation(std::uintptr_t base, std::size_t bytes)
    : base_(base),
      bytes_(bytes),
      defined_(static_cast<std::uint8_t*>(std::calloc(bytes + 1, 1))),
      words_(static_cast<Word*>(std::calloc(bytes / 4 + 1, sizeof(Word)))) {
    if (!defined_ || !words_) throw std::bad_alloc();
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
    const std::size_t first = (address - base_) / 4, last = (address - base_ + bytes - 1) / 4;
    for (std::size_t i = first; i <= last; ++i) {
        Word& word = words_.get()[i];
        const bool is_known_read =
            !is_write && word.read_grid == grid && (word.read_cluster == cluster || word.read_cluster == kSeveral);
        if (is_known_read && word.write_grid != grid && !may_run(word.write_grid)) continue;
        if (word.write_grid == grid && word.write_cluster != cluster) conflict = GlobalConflict::cluster_wrote;
        if (may_run(word.write_grid)) conflict = GlobalConflict::grid_writes;
        if (is_write) {
            if (word.read_grid == grid && word.read_cluster != cluster) conflict = GlobalConflict::cluster_reads;
            if (may_run(word.read_grid)) conflict = GlobalConflict::grid_reads;
            word.write_grid = grid;
            word.write_cluster = cluster;
        } else {
            word.read_cluster = word.read_grid == grid && word.read_cluster != cluster ? kSeveral : cluster;
            word.read_grid = grid;
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
