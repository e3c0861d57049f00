// Tensor memory of a thread block: allocated by one warp for the whole kernel, found by the others in shared memory.
#pragma once

#include <cstdint>
#include <cute/arch/tmem_allocator_sm100.hpp>
#include <type_traits>

#include "ptx/block.cuh"
#include "sm100/pipeline/shared_pointer.cuh"

namespace aotgemm::sm100 {

constexpr int kTensorMemoryBytes = 16;  // in shared memory, where its address is kept

// The least number of columns, a power of 2, that can be allocated and holds `columns`.
constexpr int allocated_columns(int columns) {
    int allocated = 32;
    while (allocated < columns) allocated *= 2;
    return allocated;
}

// Blocks of a pair allocate together, each its own tensor memory.
template <class Config>
struct TensorMemory {
    using Allocator = std::conditional_t<Config::kPair, cute::TMEM::Allocator2Sm, cute::TMEM::Allocator1Sm>;
    static constexpr int kColumns = Config::kTmemColumns;
    static_assert(kColumns >= 32 && kColumns <= 512 && (kColumns & (kColumns - 1)) == 0);

    uint32_t shared;  // start of dynamic shared memory

    // The allocating warp calls this, all of its lanes. No other kernel's block is on the SM, for shared memory is taken.
    __device__ __forceinline__ void allocate() const {
        Allocator allocator;
        allocator.allocate(kColumns, shared_pointer<uint32_t>(shared + Config::kOffsetTmem));
        allocator.release_allocation_lock();
    }

    // Address of lane 0 and column 0, after a barrier.
    __device__ __forceinline__ uint32_t base() const {
        return static_cast<uint32_t>(ptx::load_word(shared + Config::kOffsetTmem));
    }

    // The allocating warp frees it, once no thread of the block, or of the pair, uses it any more.
    __device__ __forceinline__ void free() const { Allocator{}.free(base(), kColumns); }
};

}  // namespace aotgemm::sm100
