// Rows of an operand from raw bits to what the tensor cores read: 32 bytes of a step, and a word of its scales.
#pragma once

#include "ptx/block.cuh"
#include "sm100/tcgen05_mma/params.hpp"
#include "sm90/epilogue/swizzle.cuh"

namespace aotgemm::sm100 {

__device__ __forceinline__ uint64_t packed_codes(const uint8_t* codes) {
    uint64_t packed = 0;
#pragma unroll
    for (int i = 0; i < 16; ++i) packed |= uint64_t{codes[i] & 0xFu} << (4 * i);
    return packed;
}

__device__ __forceinline__ uint64_t eight_bytes(const uint8_t* bytes) {
    uint64_t word = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) word |= uint64_t{bytes[i]} << (8 * i);
    return word;
}

// 8 bytes of the 32 of a row, number `piece`.
__device__ __forceinline__ uint64_t row_piece(MmaPacking packing, const uint8_t* elements, int piece) {
    switch (packing) {
        case MmaPacking::packed: return packed_codes(elements + 16 * piece);
        case MmaPacking::with_gaps: return piece % 2 == 0 ? packed_codes(elements + 8 * piece) : 0;
        default: return eight_bytes(elements + 8 * piece);
    }
}

__device__ __forceinline__ void place_row(const MmaRows& from, int32_t row, int32_t step, uint32_t to, int row_of_tile) {
    const bool is_there = row < from.rows;
    const uint8_t* elements = from.data + (is_there ? row * from.stride + int64_t{step} * from.step_bytes : 0);
#pragma unroll
    for (int chunk = 0; chunk < 2; ++chunk) {
        const uint64_t low = is_there ? row_piece(from.packing, elements, 2 * chunk) : 0,
                       high = is_there ? row_piece(from.packing, elements, 2 * chunk + 1) : 0;
        ptx::store_4_words(sm90::swizzled<kMmaRowBytes>(to, row_of_tile, chunk), static_cast<int32_t>(low),
                           static_cast<int32_t>(low >> 32), static_cast<int32_t>(high), static_cast<int32_t>(high >> 32));
    }
}

// As tcgen05.cp wants them: words of rows 32 apart beside each other.
__device__ __forceinline__ void place_scales(const MmaRows& from, int32_t row, int32_t step, int32_t scales, uint32_t to,
                                             int row_of_tile) {
    uint32_t word = 0;
    if (row < from.rows) {
        const uint8_t* bytes = from.scales + row * from.scale_stride + int64_t{step} * scales;
        for (int i = 0; i < scales; ++i) word |= uint32_t{bytes[i]} << (8 * i);
    }
    ptx::store_word(to + row_of_tile % 32 * 16 + row_of_tile / 32 * 4, static_cast<int32_t>(word));
}

}  // namespace aotgemm::sm100
