// The epilogue on sm_100a: four warps read sums from tensor memory, add C where there is one, and store D by the TMA.
//
// Each warp has 32 lanes of tensor memory, 32 rows of D or, with swap_ab, 32 columns, and stores them by itself, subtile by
// subtile: no warp waits for another one. The accumulator is given back once its last column is read.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm100/epilogue/skipped_columns.cuh"
#include "sm100/epilogue/store_boxes.hpp"
#include "sm100/epilogue/subtile.cuh"
#include "sm100/epilogue/swizzle.cuh"
#include "sm100/gemm_tile.cuh"
#include "sm100/pipeline/accumulator_pipeline.cuh"
#include "sm90/epilogue/padding_zeros.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/schedule/written_rows.cuh"

namespace aotgemm::sm100 {

using sm90::Grouping;

template <class Config, class Params>
struct Epilogue {
    using Out = typename Config::Out;
    static constexpr int kSubtiles = Config::kSubtiles, kRows = Config::kStoreRows, kColumns = Config::kStoreColumns;
    static constexpr int kChunks = Config::kStoreRowBytes / 16, kChunk = 16 / static_cast<int>(sizeof(Out));

    const Params& params;
    uint32_t shared;        // start of dynamic shared memory
    int warp, lane;         // of the epilogue's four, in the warp
    uint32_t stored = 0;    // subtiles until now

    // Tiles of the producer, one after the other. A tile without stages has no sums: D is C, or zeros.
    __device__ __forceinline__ void run(AccumulatorPipeline<Config> accumulators) {
        sm90::TileQueue<Config> tiles{shared};
        sm90::Tile tile;
        sm90::PaddingTiles padding;
        int32_t stages;
        while (tiles.pop(tile, stages, padding)) {
            if (stages > 0) accumulators.wait_until_full();
            store(tile, padding, stages > 0, accumulators);
            if (stages > 0) accumulators.advance();
        }
        ptx::tma_store_wait_read();
    }

   private:
    // Of a subtile: its first row in the tile, its first column in D.
    struct Place {
        int32_t row, column;
    };
    __device__ __forceinline__ Place place_of(const sm90::Tile& tile, int subtile) const {
        const int32_t first = tile.n * Config::kBlockN, of_warp = warp * kWarpLanes;
        if constexpr (Config::kSwapAB) return {subtile * kRows, first + of_warp};
        return {of_warp, first + subtile * kColumns};
    }

    __device__ __forceinline__ void store(const sm90::Tile& tile, sm90::PaddingTiles padding, bool has_sums,
                                          const AccumulatorPipeline<Config>& accumulators) {
        const sm90::WrittenRows rows = sm90::written_rows<Config>(params, tile, padding);
        const bool storing = ptx::elect_one();
        const uint32_t address = accumulators.address() + (static_cast<uint32_t>(warp * kWarpLanes) << 16);
#pragma unroll 1
        for (int number = 0; number < kSubtiles; ++number) {
            const Place place = place_of(tile, number);
            Subtile<Config> subtile;
            if (has_sums) {
                subtile.load(address, number);
                if (number + 1 == kSubtiles) accumulators.release(lane);
            } else {
                for (uint32_t& sum : subtile.sums) sum = 0;
            }
            if (place.row >= rows.end || place.column >= params.n) continue;
            add_c(subtile, tile, place);
            const uint32_t buffer = next_buffer(storing);
            subtile.write(buffer, lane);
            zero_padding(buffer, tile, place);
            ptx::fence_async_proxy();
            __syncwarp();
            store_subtile(buffer, tile, place, rows, storing);
            if (storing) ptx::tma_store_commit();  // an empty group too: waits count groups
        }
        if constexpr (sm90::kZeroesPadding<Config::kGrouping>) {
            sm90::zero_rows_beside<Config, Out>(params, tile, rows, warp * kWarpLanes + lane);
        }
    }

    // The TMA has read what was stored from it.
    __device__ __forceinline__ uint32_t next_buffer(bool storing) {
        if (storing) ptx::tma_store_wait_read<kSubtileBuffers - 1>();
        __syncwarp();
        return shared + (warp * kSubtileBuffers + stored++ % kSubtileBuffers) * Config::kSubtileBytes;
    }

    __device__ __forceinline__ void add_c(Subtile<Config>& subtile, const sm90::Tile& tile, const Place& place) const {
        if constexpr (Config::kHasOtherRows) return;
        if (params.c == nullptr) return;
        const int64_t first = tile.group * params.c_group_stride + (tile.row + place.row) * params.c_row_stride;
        subtile.add(CPlace<Out>{static_cast<const Out*>(params.c) + first + place.column, params.c_row_stride,
                                tile.rows - place.row, params.n - place.column},
                    lane);
    }

    // Whether the row of the subtile that this lane looks after is its group's, or there is none.
    __device__ __forceinline__ bool keeps_row(const sm90::Tile& tile, int32_t row) const {
        if (lane >= kRows) return true;
        if constexpr (Config::kGrouping == Grouping::contiguous) {
            return row < tile.rows && __ldg(params.index + tile.row + row) >= 0;
        }
        return row < tile.rows;
    }
    __device__ __forceinline__ void zero_padding(uint32_t buffer, const sm90::Tile& tile, const Place& place) const {
        if constexpr (!sm90::kZeroesPadding<Config::kGrouping>) return;
        const bool keeps = keeps_row(tile, place.row + lane);
        __syncwarp();
        if (keeps) return;
        static_for<kChunks>([&](auto chunk) {
            ptx::store_4_words(swizzled<Config::kStoreRowBytes>(buffer, lane, chunk), 0, 0, 0, 0);
        });
    }

    // The TMA clips a box that crosses the edge of D. Where rows of the box are another group's, they must not be written;
    // where D skips columns, a box may have some of them.
    __device__ __forceinline__ void store_subtile(uint32_t buffer, const sm90::Tile& tile, const Place& place,
                                                  const sm90::WrittenRows& rows, bool storing) const {
        const bool has_others = Config::kHasOtherRows && Config::kGrouping != Grouping::contiguous &&
                                !rows.hold(tile, place.row + kRows, params.m);
        if (has_others || skips_columns(params)) {
            write_rows(buffer, tile, place, rows.end);
        } else if (storing) {
            const int32_t row = tile.row + place.row;
            if constexpr (Config::kGroupsOfD) {
                ptx::tma_store(&params.d, buffer, ptx::Point3{place.column, row, tile.group});
            } else {
                ptx::tma_store(&params.d, buffer, place.column, row);
            }
        }
    }

    // Stores the rows before `end` with ordinary stores, 16 bytes a lane: a row of D is a multiple of 16 bytes.
    __device__ __forceinline__ void write_rows(uint32_t buffer, const sm90::Tile& tile, const Place& place,
                                               int32_t end) const {
        auto* d = static_cast<Out*>(params.d_data) + tile.group * params.d_group_stride;
        for (int i = lane; i < kRows * kChunks; i += kWarpLanes) {
            const int row = i / kChunks, chunk = i % kChunks;
            const int32_t column = place.column + chunk * kChunk;
            if (column >= params.n || place.row + row >= end) continue;
            const uint4 values = ptx::load_16_bytes(swizzled<Config::kStoreRowBytes>(buffer, row, chunk));
            auto* to = d + (tile.row + place.row + row) * params.d_row_stride + column_of_d(params, column);
            *reinterpret_cast<uint4*>(to) = values;
        }
    }
};

}  // namespace aotgemm::sm100
