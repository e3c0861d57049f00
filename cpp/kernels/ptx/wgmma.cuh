// Ordering and operand descriptors of wgmma; the instruction itself is generated for each width (wgmma_fp8.cuh,
// wgmma_bf16.cuh), since PTX lists its registers one by one.
#pragma once

#include <cstdint>

namespace aotgemm::ptx {

// Orders this thread's register accesses before the matrix instructions that follow.
__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Waits until at most kPending committed groups are unfinished.
template <int kPending>
__device__ __forceinline__ void wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

// The partial sums of wgmma instructions in flight must not be copied, and the compiler copies variables where loop
// iterations meet; ptxas then serialises the instructions (C7514). So the partial sums are registers declared in PTX,
// once per kernel, and named by number.
#define AOTGEMM_DECLARE_PARTIALS(count) asm volatile(".reg .f32 partial<%0>;" ::"n"(count))

// sum = partial[kIndex] * factor + sum, rounded once.
template <int kIndex>
__device__ __forceinline__ void fma_partial(float& sum, float factor) {
    asm volatile("fma.rn.f32 %0, partial%2, %1, %0;" : "+f"(sum) : "f"(factor), "n"(kIndex));
}

// a * b, rounded once, computed at this place: while a wgmma runs rather than after the wait for it.
__device__ __forceinline__ float multiply_now(float a, float b) {
    float product;
    asm volatile("mul.rn.f32 %0, %1, %2;" : "=f"(product) : "f"(a), "f"(b) : "memory");
    return product;
}

// Reads partial[kIndex], which no wgmma in flight may write; and sets partial[kIndex] = 0.
template <int kIndex>
__device__ __forceinline__ float partial() {
    float value;
    asm volatile("mov.f32 %0, partial%1;" : "=f"(value) : "n"(kIndex));
    return value;
}
template <int kIndex>
__device__ __forceinline__ void clear_partial() {
    asm volatile("mov.f32 partial%0, 0f00000000;" ::"n"(kIndex));
}

// Descriptor of an operand of 128-byte rows in 128-byte swizzle, eight rows to a 1,024-byte atom (PTX ISA, "Matrix
// descriptor"): start address and distances between atoms in units of 16 bytes, swizzle mode 1. Atoms are 1,024 bytes
// apart along the rows of a K-major operand, which has no other distance (`leading` is not read), and along K of an
// MN-major one, where `leading` is the distance to the next 128 bytes of M or N.
__device__ __forceinline__ uint64_t swizzled_descriptor(uint32_t shared, uint32_t leading = 16) {
    const uint64_t fixed = (uint64_t{1} << 62) | (uint64_t{1024 >> 4} << 32) | (uint64_t{leading >> 4} << 16);
    return fixed | ((shared & 0x3FFFF) >> 4);
}

// Adds to the start address, in units of 16 bytes. The sum must not carry out of the low word.
__device__ __forceinline__ uint64_t add_to_low_word(uint64_t descriptor, uint32_t addend) {
    uint64_t sum;
    asm("{\n"
        ".reg .b32 low, high;\n"
        "mov.b64 {low, high}, %1;\n"
        "add.u32 low, low, %2;\n"
        "mov.b64 %0, {low, high};\n"
        "}\n"
        : "=l"(sum)
        : "l"(descriptor), "r"(addend));
    return sum;
}

}  // namespace aotgemm::ptx
