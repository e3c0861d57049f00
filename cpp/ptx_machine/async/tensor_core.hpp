// The arithmetic of one wgmma: a 64 x n accumulator and one tensor-core step of products, by the CPU backend's rules.
#pragma once

#include <cstdint>

namespace aotgemm::ptx_machine {

inline constexpr int kWgmmaRows = 64;
inline constexpr int kMostColumns = 256;
inline constexpr int kStepBytes = 32;  // of K: 32 of E4M3, 16 of BF16, 8 of TF32

struct WgmmaTile {
    alignas(64) std::uint8_t a[kWgmmaRows][kStepBytes];
    alignas(64) std::uint8_t b[kMostColumns][kStepBytes];  // row n holds column n of B
    alignas(64) float d[kWgmmaRows][kMostColumns];
};

// d += a * b^T in the first n columns.
void multiply_e4m3(WgmmaTile& tile, int n);
void multiply_bf16(WgmmaTile& tile, int n);
void multiply_tf32(WgmmaTile& tile, int n);

}  // namespace aotgemm::ptx_machine
