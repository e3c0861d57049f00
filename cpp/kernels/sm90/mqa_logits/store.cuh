// Where a lane writes its logits, and what becomes of the columns of no key.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm90/mqa_logits/key_range.cuh"
#include "sm90/mqa_logits/pipeline.cuh"

namespace aotgemm::sm90 {

// Stores if `wanted`, without a branch: see consumer.cuh.
__device__ __forceinline__ void store_logit_if(bool wanted, float* to, float value) {
    asm volatile(
        "{\n"
        ".reg .pred wanted;\n"
        "setp.ne.u32 wanted, %2, 0;\n"
        "@wanted st.global.f32 [%0], %1;\n"
        "}\n" ::"l"(to),
        "f"(value), "r"(static_cast<uint32_t>(wanted))
        : "memory");
}
__device__ __forceinline__ void store_logit_if(bool wanted, uint16_t* to, float value) {
    asm volatile(
        "{\n"
        ".reg .pred wanted;\n"
        "setp.ne.u32 wanted, %2, 0;\n"
        "@wanted st.global.u16 [%0], %1;\n"
        "}\n" ::"l"(to),
        "h"(static_cast<uint16_t>(ptx::pack_bf16(value, 0.0f))), "r"(static_cast<uint32_t>(wanted))
        : "memory");
}

// -infinity as the bits of 4 bytes of a row.
__device__ __forceinline__ uint32_t minus_infinity(float*) { return 0xFF800000; }
__device__ __forceinline__ uint32_t minus_infinity(uint16_t*) { return 0xFF80FF80; }

// The rows of q whose logits a lane has in the end.
template <class Config, class Sum>
struct LogitRows {
    using Out = typename Config::Out;
    Out* base[Sum::kLaneRows];        // of key 0
    int32_t first[Sum::kLaneRows];    // the row's keys
    uint32_t count[Sum::kLaneRows];

    __device__ __forceinline__ LogitRows(const typename Config::Params& params, const QueryBlock<Config>& queries,
                                         int first_row, int lane) {
        static_for<Sum::kLaneRows>([&](auto i) {
            const int row = first_row + Sum::first_row(lane) + i;
            const uint4 keys = ptx::load_16_bytes(queries.row(row));
            first[i] = static_cast<int32_t>(keys.x);
            count[i] = Sum::stores(lane) ? keys.y : 0;
            const int64_t in_call = ptx::load_word(queries.at + 8) + row;
            base[i] = static_cast<Out*>(params.logits) + in_call * params.logits_row_stride -
                      static_cast<int32_t>(keys.z);
        });
    }

    // values[row * kLaneKeys + i]: of key + 8 i.
    template <int kValues>
    __device__ __forceinline__ void store(const float (&values)[kValues], int32_t key) const {
        static_for<Sum::kLaneRows>([&](auto row) {
            static_for<Sum::kLaneKeys>([&](auto i) {
                const int32_t own = key + 8 * i;
                store_logit_if(static_cast<uint32_t>(own) - static_cast<uint32_t>(first[row]) < count[row], base[row] + own,
                               values[row * Sum::kLaneKeys + i]);
            });
        });
    }
};

// A warp writes -infinity to columns [first, last) of a row that starts at a multiple of 16 bytes.
template <class Out>
__device__ __forceinline__ void clean_columns(Out* row, int64_t first, int64_t last, int lane) {
    constexpr int kChunk = 16 / sizeof(Out);
    const uint32_t word = minus_infinity(row);
    for (int64_t column = (first / kChunk + lane) * kChunk; column < last; column += 32 * kChunk) {
        if (column >= first && column + kChunk <= last) {
            *reinterpret_cast<uint4*>(row + column) = make_uint4(word, word, word, word);
        } else {
            for (int i = 0; i < kChunk; ++i) {
                const bool is_inside = column + i >= first && column + i < last;
                store_logit_if(is_inside, row + column + i, __int_as_float(0xFF800000));
            }
        }
    }
}

// Warps `warp` of `warps` of every thread block write -infinity to the columns of no key.
template <class Config>
__device__ __forceinline__ void clean_rows(const MqaLogitsParams& params, int warp, int warps, int lane) {
    const int32_t step = static_cast<int32_t>(gridDim.x) * warps;
    for (int32_t row = static_cast<int32_t>(blockIdx.x) * warps + warp; row < params.rows; row += step) {
        const KeyRange keys = key_range(params, row);
        auto* to = static_cast<typename Config::Out*>(params.logits) + row * params.logits_row_stride;
        clean_columns(to, 0, keys.count > 0 ? int64_t{keys.first} : params.width, lane);
        if (keys.count > 0) clean_columns(to, keys.last(), params.width, lane);
    }
}

}  // namespace aotgemm::sm90
