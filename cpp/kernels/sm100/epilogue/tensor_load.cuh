// Loads from tensor memory to registers.
#pragma once

#include <cutlass/arch/barrier.h>

#include <cstdint>
#include <cute/arch/copy_sm100.hpp>
#include <type_traits>
#include <utility>

namespace aotgemm::sm100 {

namespace tensor_memory_loads = cute::SM100::TMEM::LOAD;

// All 32 lanes of a warp's part, kCount columns from `address` on: register i of lane t is column i of lane t.
template <int kCount>
struct LaneLoad;
template <>
struct LaneLoad<16> {
    using Type = tensor_memory_loads::SM100_TMEM_LOAD_32dp32b16x;
};
template <>
struct LaneLoad<32> {
    using Type = tensor_memory_loads::SM100_TMEM_LOAD_32dp32b32x;
};
template <>
struct LaneLoad<64> {
    using Type = tensor_memory_loads::SM100_TMEM_LOAD_32dp32b64x;
};

// 16 lanes, kCount columns: registers 4 j to 4 j + 3 of lane t are columns 8 j + 2 (t % 4) and the next one of lane t / 4,
// then the same of lane t / 4 + 8. It is the layout of stmatrix.
template <int kCount>
struct MatrixLoad;
template <>
struct MatrixLoad<16> {
    using Type = tensor_memory_loads::SM100_TMEM_LOAD_16dp256b2x;
};
template <>
struct MatrixLoad<32> {
    using Type = tensor_memory_loads::SM100_TMEM_LOAD_16dp256b4x;
};

// Registers [kFirst, kFirst + what one load gives). They hold nothing before wait_for_loads.
template <class Load, int kFirst = 0, int kRegisters>
__device__ __forceinline__ void load_columns(uint32_t (&registers)[kRegisters], uint32_t address) {
    constexpr int kCount = std::extent_v<typename Load::DRegisters>;
    static_assert(kFirst + kCount <= kRegisters);
    [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) {
        Load::copy(address, registers[kFirst + kIndex]...);
    }(std::make_integer_sequence<int, kCount>{});
}

// Waits for this warp's loads. The compiler sees no dependence between the wait and the registers, and could use them
// before it: each passes through an assembly statement that stays behind the wait.
template <int kRegisters>
__device__ __forceinline__ void wait_for_loads(uint32_t (&registers)[kRegisters]) {
    cutlass::arch::fence_view_async_tmem_load();
#pragma unroll
    for (int i = 0; i < kRegisters; ++i) asm volatile("" : "+r"(registers[i])::"memory");
}

}  // namespace aotgemm::sm100
