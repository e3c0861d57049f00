// Device memory, which is host memory: what is allocated, which bytes were ever written, and which cluster of the
// running grid touched which two bytes, an element of BF16 and the least that kernels share out.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ptx_machine/check/grid_order.hpp"

namespace aotgemm::ptx_machine {

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

enum class GlobalConflict : std::uint8_t { none, cluster_wrote, cluster_reads, grid_writes, grid_reads };

class Allocation {
   public:
    Allocation(std::uintptr_t base, std::size_t bytes);

    std::uintptr_t base() const { return base_; }
    bool contains(std::uintptr_t address, std::size_t bytes) const {
        return address >= base_ && address + bytes <= base_ + bytes_;
    }
    bool is_defined(std::uintptr_t address, std::size_t bytes) const;
    void define(std::uintptr_t address, std::size_t bytes, bool defined);
    // Notes an access, and tells what it conflicts with.
    GlobalConflict touch(std::uintptr_t address, std::size_t bytes, bool is_write, const GridOrder& order,
                         bool has_waited, std::uint32_t cluster);

   private:
    struct Granule {
        std::uint32_t write_grid, write_cluster, read_grid, read_cluster;
    };
    static constexpr std::uint32_t kSeveral = 0xFFFFFFFF;
    static constexpr std::size_t kGranuleBytes = 2;

    std::uintptr_t base_;
    std::size_t bytes_;
    std::unique_ptr<std::uint8_t, Free> defined_;  // a byte each; pages that are not touched cost nothing
    std::unique_ptr<Granule, Free> granules_;
};

class GlobalMemory {
   public:
    void add(std::uintptr_t base, std::size_t bytes);
    void remove(std::uintptr_t base);
    void define(std::uintptr_t address, std::size_t bytes);
    // nullptr: not all of these bytes are in one allocation.
    Allocation* find(std::uintptr_t address, std::size_t bytes);
    GridOrder& order() { return order_; }

   private:
    std::map<std::uintptr_t, Allocation> allocations_;
    Allocation* last_ = nullptr;
    GridOrder order_;
};

}  // namespace aotgemm::ptx_machine
