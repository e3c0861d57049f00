// The sum over heads: 64 keys x 128 (row of q, head) of a warpgroup become one logit for each key and row.
//
// A lane with t = lane % 4 holds heads 8i + 2t and 8i + 2t + 1 of all rows of q, for two keys (8 apart) of its warp's 16.
// Order of the sum: aotgemm_fp8_mqa_logits in cpp/include/aotgemm/aotgemm.h.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/wgmma.cuh"

namespace aotgemm::sm90 {

// Twice the positive part of partial[kIndex], as x + |x|: exact, and an addition runs at twice the rate of a maximum.
template <int kIndex>
__device__ __forceinline__ float twice_positive() {
    float value;
    asm volatile(
        "{\n"
        ".reg .f32 magnitude;\n"
        "abs.f32 magnitude, partial%1;\n"
        "add.rn.f32 %0, partial%1, magnitude;\n"
        "}\n"
        : "=f"(value)
        : "n"(kIndex));
    return value;
}

// Halves of the weights of the heads that this thread holds, row of q after row.
template <int kRows, int kHeads>
struct HeadWeights {
    float of[kRows * kHeads / 4];
};

// The thread's part of the logits of one row and key: its heads, even and odd ones apart, times the key's scale. The
// product of the second head is rounded, the first one's added to it, then those of the third and so on: nvcc compiles
// the sum of products in DeepGEMM 2.6.1 so. kFirst: the first of their partial sums.
template <int kRow, int kHeads, int kFirst, class Weights>
__device__ __forceinline__ float sum_own_heads(const Weights& weights, float scale) {
    float even, odd;
    static_for<kHeads / 8>([&](auto step) {
        constexpr int kHead = step < 2 ? 1 - step : step;
        constexpr int kWeight = (kRow * kHeads / 8 + kHead) * 2, kAt = kFirst + 4 * kHead;
        if constexpr (step == 0) {
            even = __fmul_rn(twice_positive<kAt>(), weights.of[kWeight]);
            odd = __fmul_rn(twice_positive<kAt + 1>(), weights.of[kWeight + 1]);
        } else {
            even = __fmaf_rn(twice_positive<kAt>(), weights.of[kWeight], even);
            odd = __fmaf_rn(twice_positive<kAt + 1>(), weights.of[kWeight + 1], odd);
        }
    });
    return __fmul_rn(__fadd_rn(even, odd), scale);
}

// Each of two lanes `distance` apart gives away half of its values and adds what it gets to the other half: what a
// shuffle and an addition of every value give, in half of the instructions and with another value in each lane.
template <int kCount>
__device__ __forceinline__ void exchange_halves(float (&values)[kCount], int lane, int distance) {
    static_for<kCount / 2>([&](auto i) {
        const bool is_upper = (lane & distance) != 0;
        const float kept = is_upper ? values[kCount / 2 + i] : values[i];
        const float given = is_upper ? values[i] : values[kCount / 2 + i];
        values[i] = __fadd_rn(kept, __shfl_xor_sync(0xFFFFFFFF, given, distance));
    });
}

// Logits of kRows rows of q and of the two keys of each lane. Afterwards a lane has those of kLaneRows rows, from
// first_row(lane) on, and of kLaneKeys keys: both, or with one or two rows the first or the second (lane_key). With one
// row two lanes have the same, and one of them stores it (stores).
template <int kRows, int kHeads>
struct HeadSum {
    static_assert(kRows == 1 || kRows == 2 || kRows == 4 || kRows == 8);
    static constexpr int kValues = 2 * kRows;
    static constexpr int kLaneRows = kRows == 8 ? 2 : 1, kLaneKeys = kRows <= 2 ? 1 : 2;

    __device__ __forceinline__ static int first_row(int lane) {
        if constexpr (kRows <= 2) return lane & (kRows - 1);
        return (lane & 1) * (kRows / 2) + (lane >> 1 & 1) * kLaneRows;
    }
    // Distance of the lane's first key to the first of the two that it multiplied.
    __device__ __forceinline__ static int lane_key(int lane) {
        return kRows == 1 ? (lane & 1) * 8 : kRows == 2 ? (lane >> 1 & 1) * 8 : 0;
    }
    __device__ __forceinline__ static bool stores(int lane) { return kRows > 1 || (lane & 2) == 0; }

    // The lane's part of each logit, before any other lane's: parts[2 * row + key].
    template <int kFirst, class Weights>
    __device__ __forceinline__ static void sum_own(float (&parts)[kValues], const Weights& weights, float first_scale,
                                                   float second_scale) {
        static_for<kRows>([&](auto row) {
            constexpr int kAt = kFirst + row * kHeads / 2;
            parts[2 * row] = sum_own_heads<row, kHeads, kAt>(weights, first_scale);
            parts[2 * row + 1] = sum_own_heads<row, kHeads, kAt + 2>(weights, second_scale);
        });
    }

    // values[row * kLaneKeys + key] of the lane's own, of the parts of all lanes.
    __device__ __forceinline__ static void sum_lanes(float (&values)[kLaneRows * kLaneKeys], const float (&of)[kValues],
                                                     int lane) {
        float parts[kValues];
        static_for<kValues>([&](auto i) { parts[i] = of[i]; });
        exchange_halves<kValues>(parts, lane, 1);
        float halves[kValues / 2];
        static_for<kValues / 2>([&](auto i) { halves[i] = parts[i]; });
        if constexpr (kRows == 1) {
            halves[0] = __fadd_rn(halves[0], __shfl_xor_sync(0xFFFFFFFF, halves[0], 2));
        } else {
            exchange_halves<kValues / 2>(halves, lane, 2);
        }
        static_for<kLaneRows * kLaneKeys>([&](auto i) { values[i] = halves[i]; });
    }
};

}  // namespace aotgemm::sm90
