// The epilogue of fp8_1d2d: FP32 sums to BF16, through swizzled shared memory, out by TMA.
//
// Each warpgroup owns its part of the D tile in shared memory and stores it alone, so nobody waits for the other one,
// and the stores run on while the next tile is multiplied.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/fp8_1d2d_consumer.cuh"
#include "sm90/fp8_1d2d_params.hpp"
#include "sm90/swizzle.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Epilogue {
    using Consumer = Fp8Consumer<Config>;
    static constexpr int kRowBytes = Config::kStoreColumns * 2;  // a row of a box; also the swizzle width
    static constexpr int kBoxBytes = Config::kStoreRows * kRowBytes;

    const Fp8Gemm1d2dParams& params;
    const Consumer& consumer;

    __device__ __forceinline__ void store(int32_t tile_m, int32_t tile_n) const {
        const bool storing = consumer.warp == 0 && ptx::elect_one();
        if (storing) ptx::tma_store_wait_read();  // the last tile has left the buffer
        sync_group();
        static_for<Config::kPasses>([&](auto pass) { write_pass<pass>(); });
        ptx::fence_async_proxy();
        sync_group();
        if (storing) {
            static_for<Config::kPasses>([&](auto pass) { send_pass(pass, tile_m, tile_n); });
            ptx::tma_store_commit();
        }
    }

   private:
    __device__ __forceinline__ void sync_group() const { ptx::sync_threads(1 + consumer.group, 128); }

    static constexpr int kBoxes = Config::kSwapAB ? 1 : Config::kInstructionN / Config::kStoreColumns;  // of a pass

    __device__ __forceinline__ uint32_t pass_buffer(int pass) const {
        const int index = Config::kSplitColumns ? consumer.group : consumer.group * Config::kPasses + pass;
        return consumer.shared + index * kBoxes * kBoxBytes;
    }

    template <int kPass>
    __device__ __forceinline__ void write_pass() const {
        if constexpr (Config::kSwapAB) {
            write_swapped(consumer.sums[kPass], pass_buffer(kPass));
        } else {
            write_straight(consumer.sums[kPass], pass_buffer(kPass));
        }
    }

    // 16 columns at a time: matrices in the order upper left, lower left, upper right, lower right.
    __device__ __forceinline__ void write_straight(const float (&sum)[Consumer::kFloats], uint32_t buffer) const {
        const int row = consumer.warp * 16 + consumer.lane % 16;
        static_for<Config::kInstructionN / 16>([&](auto j) {
            constexpr int kBox = j * 16 / Config::kStoreColumns, kChunk = j * 2 % (Config::kStoreColumns / 8);
            const uint32_t to = swizzled<kRowBytes>(buffer + kBox * kBoxBytes, row, kChunk + consumer.lane / 16);
            ptx::store_matrices<false>(to, ptx::pack_bf16(sum[8 * j], sum[8 * j + 1]),
                                       ptx::pack_bf16(sum[8 * j + 2], sum[8 * j + 3]),
                                       ptx::pack_bf16(sum[8 * j + 4], sum[8 * j + 5]),
                                       ptx::pack_bf16(sum[8 * j + 6], sum[8 * j + 7]));
        });
    }

    // The sums are D transposed: rows are weights, columns tokens. The store transposes back, 16 weights by 16 tokens
    // at a time (8 where the token tile ends).
    __device__ __forceinline__ void write_swapped(const float (&sum)[Consumer::kFloats], uint32_t buffer) const {
        const int chunk = consumer.warp * 2 + consumer.lane / 8 % 2;
        static_for<Config::kInstructionN / 16>([&](auto j) {
            const int token = j * 16 + consumer.lane / 16 * 8 + consumer.lane % 8;
            ptx::store_matrices<true>(swizzled<kRowBytes>(buffer, token, chunk), ptx::pack_bf16(sum[8 * j], sum[8 * j + 1]),
                                      ptx::pack_bf16(sum[8 * j + 2], sum[8 * j + 3]),
                                      ptx::pack_bf16(sum[8 * j + 4], sum[8 * j + 5]),
                                      ptx::pack_bf16(sum[8 * j + 6], sum[8 * j + 7]));
        });
        if constexpr (Config::kInstructionN % 16 != 0) {
            constexpr int kAt = Config::kInstructionN / 16 * 8;
            const int token = Config::kInstructionN / 16 * 16 + consumer.lane % 8;
            ptx::store_matrices<true>(swizzled<kRowBytes>(buffer, token, chunk), ptx::pack_bf16(sum[kAt], sum[kAt + 1]),
                                      ptx::pack_bf16(sum[kAt + 2], sum[kAt + 3]));
        }
    }

    __device__ __forceinline__ void send_pass(int pass, int32_t tile_m, int32_t tile_n) const {
        int32_t row = tile_m * Config::kBlockM, column = tile_n * Config::kBlockN;
        (Config::kSwapAB ? column : row) += consumer.first_row(pass);
        (Config::kSwapAB ? row : column) += consumer.first_column();
        if (row >= params.m) return;
        static_for<kBoxes>([&](auto box) {
            const int32_t x = column + box * Config::kStoreColumns;
            if (x < params.n) ptx::tma_store(&params.d, pass_buffer(pass) + box * kBoxBytes, x, row);
        });
    }
};

}  // namespace aotgemm::sm90
