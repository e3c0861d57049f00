// Operands of wgmma whose rows are a whole head_dim: 32, 64 or 128 bytes, in the swizzle of that width.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/wgmma.cuh"
#include "wgmma_fp8.cuh"

namespace aotgemm::sm90 {

// Descriptor of a K-major operand (PTX ISA, "Matrix descriptor"): swizzle mode 1, 2 or 3 for rows of 128, 64 or 32 bytes;
// groups of eight rows follow one another.
template <int kRowBytes>
__device__ __forceinline__ uint64_t head_descriptor(uint32_t shared) {
    static_assert(kRowBytes == 128 || kRowBytes == 64 || kRowBytes == 32);
    constexpr uint64_t kMode = kRowBytes == 128 ? 1 : kRowBytes == 64 ? 2 : 3;
    constexpr uint64_t kFixed = (kMode << 62) | (uint64_t{8 * kRowBytes / 16} << 32) | (uint64_t{1} << 16);
    return kFixed | ((shared & 0x3FFFF) >> 4);
}

// partial<kFirst ...> = 64 keys times kColumns heads: one chain over head_dim from zero, as a group of its own.
template <int kHeadDim, int kColumns, int kFirst>
__device__ __forceinline__ void multiply_heads(uint64_t keys, uint64_t heads) {
    ptx::wgmma_fence();
    static_for<kHeadDim / 32>([&](auto step) {
        ptx::WgmmaFp8<kColumns>::template mma<kFirst, step != 0>(keys + step * 2, heads + step * 2);
    });
    ptx::wgmma_commit();
}

}  // namespace aotgemm::sm90
