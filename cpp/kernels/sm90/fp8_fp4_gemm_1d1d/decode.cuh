// FP4 words to the E4M3 fragments of a wgmma. A table in shared memory has the codes of the eight magnitudes for every
// shift, so that subnormals and zeros cost no more than others: one permutation looks four of them up.
#pragma once

#include <cstdint>

#include "common/fp4_words.hpp"
#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm90/tf32_hc_prenorm_gemm/fragments.cuh"

namespace aotgemm::sm90 {

// All threads of the block write the table at `table`, a multiple of its size, before a synchronisation.
template <int kThreads>
__device__ __forceinline__ void write_fp4_table(uint32_t table) {
    static_assert(kFp4Shifts * 2 <= kThreads);
    const uint32_t word = threadIdx.x;
    if (word >= kFp4Shifts * 2) return;
    uint32_t codes = 0;
    static_for<4>([&](auto i) { codes |= fp8_of_fp4_magnitude(word % 2 * 4 + i, word / 2) << (8 * i); });
    ptx::store_word(table + word * 4, static_cast<int32_t>(codes));
}

// E4M3 of the eight magnitudes.
struct Fp4Codes {
    uint32_t low, high;
};

// Of a step: the five bits lie where an address has the number of an entry of 8 bytes.
template <int kStep>
__device__ __forceinline__ Fp4Codes fp4_codes(uint32_t table, uint32_t scales) {
    Fp4Codes codes;
    const uint32_t address = (scales >> (5 * kStep) & (kFp4Shifts - 1) * 8) | table;
    asm("ld.shared.v2.u32 {%0, %1}, [%2];" : "=r"(codes.low), "=r"(codes.high) : "r"(address));
    return codes;
}

// Four codes by the low three bits of each four of `magnitudes`, with signs where a byte has its own.
__device__ __forceinline__ uint32_t fp8_of_fp4(const Fp4Codes& codes, uint32_t magnitudes, uint32_t signs) {
    uint32_t four;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(four) : "r"(codes.low), "r"(codes.high), "r"(magnitudes));
    return four | (signs & 0x80808080u);
}

// Fragments kFirst and kFirst + 2 of a step: columns 4t to 4t + 3 and 16 + 4t to 19 + 4t of a row.
template <int kFirst>
__device__ __forceinline__ void decode_word(const Fp4Codes& codes, uint32_t word) {
    const uint32_t magnitudes = word & 0x77777777u;
    set_fragment<kFirst>(fp8_of_fp4(codes, magnitudes, word));
    set_fragment<kFirst + 2>(fp8_of_fp4(codes, magnitudes >> 16, word << 4));
}

// Fragments from kFirst on of a row's 128 columns, four steps of four fragments, of which two are the row's.
template <int kFirst>
__device__ __forceinline__ void decode_row(uint32_t table, uint32_t scales, const uint4& words) {
    decode_word<kFirst>(fp4_codes<0>(table, scales), words.x);
    decode_word<kFirst + 4>(fp4_codes<1>(table, scales), words.y);
    decode_word<kFirst + 8>(fp4_codes<2>(table, scales), words.z);
    decode_word<kFirst + 12>(fp4_codes<3>(table, scales), words.w);
}

}  // namespace aotgemm::sm90
