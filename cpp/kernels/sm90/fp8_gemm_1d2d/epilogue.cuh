// The epilogue of fp8_gemm_1d2d: FP32 sums to BF16, written to swizzled shared memory and stored by the TMA.
//
// Each consumer warpgroup owns its part of the D tile in shared memory and stores it alone: no warpgroup waits for the
// other one, and the stores overlap the next tile's multiplications. Rows of padding are zeroed in shared memory and
// leave with the others; only where rows must not be written at all, the warpgroup uses ordinary stores, row by row.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/fp8_mainloop/consumer.cuh"
#include "sm90/fp8_gemm_1d2d/params.hpp"
#include "sm90/epilogue/padding_zeros.cuh"
#include "sm90/epilogue/swizzle.cuh"
#include "sm90/schedule/written_rows.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Epilogue {
    using Consumer = Fp8Consumer<Config>;
    static constexpr int kRowBytes = Config::kStoreColumns * 2;  // a row of a box; also the swizzle width
    static constexpr int kBoxBytes = Config::kStoreRows * kRowBytes;
    // Whether all rows of a warpgroup may be others than its group's.
    static constexpr bool kMayHaveNoRows =
        kHasOtherRows<Config::kGrouping> && Config::kConsumers > 1 && !Config::kSplitColumns && !Config::kSwapAB;

    const Fp8Gemm1d2dParams& params;
    const Consumer& consumer;

    // contiguous: the group of the row of the tile that this thread looks after, for `has_no_rows` and `store`. The
    // consumer calls this a tile ahead, as the index is in device memory.
    __device__ __forceinline__ int32_t load_row_group(const Tile& tile) const {
        if constexpr (Config::kGrouping != Grouping::contiguous) return 0;
        const int row = first_row() + part().row();
        return part().has_row() && row < tile.rows ? __ldg(params.index + tile.row + row) : -1;
    }

    // Whether none of this warpgroup's rows is its group's, so that it need not multiply. Where its rows are those of
    // another warpgroup too, some are. All of its threads call this.
    __device__ __forceinline__ bool has_no_rows(const Tile& tile, int32_t row_group) const {
        if constexpr (!kMayHaveNoRows) return false;
        if constexpr (Config::kGrouping != Grouping::contiguous) return first_row() >= tile.rows;
        return ptx::named_barrier_all(1 + consumer.group, 128, row_group < 0);
    }

    __device__ __forceinline__ void store(const Tile& tile, PaddingTiles padding, int32_t row_group) const {
        const bool storing = consumer.warp == 0 && ptx::elect_one();
        if (storing) ptx::tma_store_wait_read();  // the TMA has read the previous tile in the buffer
        sync_group();
        static_for<Config::kPasses>([&](auto pass) { write_pass<pass>(); });
        if constexpr (kZeroesPadding<Config::kGrouping>) zero_padding(tile, row_group);
        ptx::fence_async_proxy();
        sync_group();
        const WrittenRows rows = written_rows<Config>(params, tile, padding);
        if (!stores_boxes(tile, rows)) {
            static_for<Config::kPasses>([&](auto pass) { write_rows(pass, tile, rows.end); });
        } else if (storing) {
            static_for<Config::kPasses>([&](auto pass) { tma_store_pass(pass, tile, rows.end); });
            ptx::tma_store_commit();
        }
        if constexpr (kZeroesPadding<Config::kGrouping>) {
            const int thread = (consumer.group * 4 + consumer.warp) * 32 + consumer.lane;
            zero_rows_beside<Config, uint16_t>(params, tile, rows, thread);
        }
    }

   private:
    static constexpr int kPartRows = Config::kSwapAB ? Config::kInstructionN : 64 * Config::kPasses;  // a warpgroup's

    // Whether this warpgroup's part of the tile leaves in whole TMA boxes.
    __device__ __forceinline__ bool stores_boxes(const Tile& tile, const WrittenRows& rows) const {
        if constexpr (!kHasOtherRows<Config::kGrouping>) return params.head_mid == 0;
        if constexpr (Config::kGrouping == Grouping::contiguous) return true;
        return rows.hold(tile, first_row() + kPartRows, params.m);
    }

    // First row of the tile that this warpgroup writes in a pass, or in all passes.
    __device__ __forceinline__ int first_row(int pass = 0) const {
        return Config::kSwapAB ? consumer.first_column() : consumer.first_row(pass);
    }

    __device__ __forceinline__ WarpPart<Config> part() const { return {consumer.warp, consumer.lane}; }

    // Each warp zeroes the rows of padding in its part of the boxes.
    __device__ __forceinline__ void zero_padding(const Tile& tile, int32_t row_group) const {
        static_assert(Config::kPasses == 1);
        constexpr int kBoxChunks = Config::kStoreColumns / 8;
        const bool is_of_group = Config::kGrouping == Grouping::contiguous ? row_group >= 0
                                                                           : first_row() + part().row() < tile.rows;
        const bool keeps_row = is_of_group || !part().has_row();
        if (__all_sync(0xFFFFFFFF, keeps_row)) return;
        __syncwarp();
        if (keeps_row) return;
        part().template zero_row<kBoxes * kBoxChunks>([&](int chunk) {
            const uint32_t box = pass_buffer(0) + chunk / kBoxChunks * kBoxBytes;
            return swizzled<kRowBytes>(box, part().row(), chunk % kBoxChunks);
        });
    }

    // Column of D for computed column x: the middle columns of each head are skipped. Sizes of heads are multiples of
    // 8.
    __device__ __forceinline__ int32_t column_of_d(int32_t x) const {
        if (params.head_mid == 0) return x;
        const int32_t head = x / params.head_columns, within = x - head * params.head_columns;
        return x + (head + (within >= params.head_left ? 1 : 0)) * params.head_mid;
    }

    // Stores the rows of a pass before `end` with ordinary stores, 16 bytes a thread.
    __device__ __forceinline__ void write_rows(int pass, const Tile& tile, int32_t end) const {
        constexpr int kChunks = kRowBytes / 16;
        const int first = first_row(pass);
        const int32_t column = first_column(pass, tile);
        auto* d = static_cast<uint16_t*>(params.d_data) + tile.group * params.d_group_stride;
        for (int i = consumer.warp * 32 + consumer.lane; i < kBoxes * Config::kStoreRows * kChunks; i += 128) {
            const int chunk = i % kChunks, row = i / kChunks % Config::kStoreRows;
            const int box = i / kChunks / Config::kStoreRows;
            const int32_t x = column + box * Config::kStoreColumns + chunk * 8;
            if (x >= params.n || first + row >= end) continue;
            const uint32_t from = swizzled<kRowBytes>(pass_buffer(pass) + box * kBoxBytes, row, chunk);
            const uint4 values = ptx::load_16_bytes(from);
            *reinterpret_cast<uint4*>(d + (tile.row + first + row) * params.d_row_stride + column_of_d(x)) = values;
        }
    }

    __device__ __forceinline__ int32_t first_column(int pass, const Tile& tile) const {
        return tile.n * Config::kBlockN + (Config::kSwapAB ? consumer.first_row(pass) : consumer.first_column());
    }

    __device__ __forceinline__ void sync_group() const { ptx::named_barrier_sync(1 + consumer.group, 128); }

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

    // Address of columns 8 * kIndex to 8 * kIndex + 7 of a row.
    template <int kIndex>
    __device__ __forceinline__ static uint32_t chunk_address(uint32_t buffer, int row) {
        constexpr int kChunks = Config::kStoreColumns / 8;
        return swizzled<kRowBytes>(buffer + kIndex / kChunks * kBoxBytes, row, kIndex % kChunks);
    }

    // 16 columns at a time; order of the matrices: upper left, lower left, upper right, lower right.
    __device__ __forceinline__ void write_straight(const float (&sum)[Consumer::kFloats], uint32_t buffer) const {
        const int row = consumer.warp * 16 + consumer.lane % 16;
        static_for<Config::kInstructionN / 16>([&](auto j) {
            const uint32_t left = chunk_address<2 * j>(buffer, row), right = chunk_address<2 * j + 1>(buffer, row);
            const uint32_t to = consumer.lane < 16 ? left : right;
            ptx::stmatrix<false>(to, ptx::pack_bf16(sum[8 * j], sum[8 * j + 1]),
                                       ptx::pack_bf16(sum[8 * j + 2], sum[8 * j + 3]),
                                       ptx::pack_bf16(sum[8 * j + 4], sum[8 * j + 5]),
                                       ptx::pack_bf16(sum[8 * j + 6], sum[8 * j + 7]));
        });
    }

    // The sums are D transposed: rows are weights, columns tokens. stmatrix transposes back, 16 weights by 16 tokens at
    // a time (8 tokens where the tile ends).
    __device__ __forceinline__ void write_swapped(const float (&sum)[Consumer::kFloats], uint32_t buffer) const {
        const int chunk = consumer.warp * 2 + consumer.lane / 8 % 2;
        static_for<Config::kInstructionN / 16>([&](auto j) {
            const int token = j * 16 + consumer.lane / 16 * 8 + consumer.lane % 8;
            ptx::stmatrix<true>(swizzled<kRowBytes>(buffer, token, chunk), ptx::pack_bf16(sum[8 * j], sum[8 * j + 1]),
                                      ptx::pack_bf16(sum[8 * j + 2], sum[8 * j + 3]),
                                      ptx::pack_bf16(sum[8 * j + 4], sum[8 * j + 5]),
                                      ptx::pack_bf16(sum[8 * j + 6], sum[8 * j + 7]));
        });
        if constexpr (Config::kInstructionN % 16 != 0) {
            constexpr int kAt = Config::kInstructionN / 16 * 8;
            const int token = Config::kInstructionN / 16 * 16 + consumer.lane % 8;
            ptx::stmatrix<true>(swizzled<kRowBytes>(buffer, token, chunk), ptx::pack_bf16(sum[kAt], sum[kAt + 1]),
                                      ptx::pack_bf16(sum[kAt + 2], sum[kAt + 3]));
        }
    }

    __device__ __forceinline__ void tma_store_pass(int pass, const Tile& tile, int32_t end) const {
        const int32_t row = first_row(pass), column = first_column(pass, tile);
        if (row >= end) return;
        static_for<kBoxes>([&](auto box) {
            const int32_t x = column + box * Config::kStoreColumns;
            const uint32_t from = pass_buffer(pass) + box * kBoxBytes;
            if (x >= params.n) return;
            if constexpr (kHasGroupDimension<Config::kGrouping>) {
                ptx::tma_store(&params.d, from, ptx::Point3{x, tile.row + row, tile.group});
            } else {
                ptx::tma_store(&params.d, from, x, tile.row + row);
            }
        });
    }
};

}  // namespace aotgemm::sm90
