// Zeros for rows of padding: those in a tile's boxes, in shared memory before the TMA stores them, and those beside the
// tile, in device memory.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm90/schedule/written_rows.cuh"

namespace aotgemm::sm90 {

// The part of a pass's boxes that a consumer warp writes: its 16 rows or, with swap_ab, 16 columns of every row. Each
// lane looks after one row, alone or with the lane 16 on.
template <class Config>
struct WarpPart {
    static_assert(!kZeroesPadding<Config::kGrouping> || !Config::kSwapAB || Config::kBlockM <= 32);

    int warp, lane;

    __device__ __forceinline__ bool has_row() const { return !Config::kSwapAB || lane < Config::kBlockM; }
    __device__ __forceinline__ int row() const { return Config::kSwapAB ? lane : warp * 16 + lane % 16; }

    // Zeroes this lane's part of its row, of `kChunks` times 16 bytes; address(chunk) is where they are.
    template <int kChunks, class Address>
    __device__ __forceinline__ void zero_row(Address&& address) const {
        static_assert(kChunks % 2 == 0);
        static_for<Config::kSwapAB ? 2 : kChunks / 2>([&](auto i) {
            ptx::store_4_words(address(Config::kSwapAB ? warp * 2 + i : i * 2 + lane / 16), 0, 0, 0, 0);
        });
    }
};

// Zeroes the rows of padding beside a tile, 16 bytes a thread. All consumer threads call this; `thread` is their
// number.
template <class Config, class Out, class Params>
__device__ __forceinline__ void zero_rows_beside(const Params& params, const Tile& tile, const WrittenRows& rows,
                                                 int thread) {
    constexpr int kElements = 16 / static_cast<int>(sizeof(Out)), kChunks = Config::kBlockN / kElements;
    const int32_t beside = rows.before + max(rows.end - Config::kBlockM, 0);
#pragma unroll 1
    for (int32_t i = thread; i < beside * kChunks; i += Config::kConsumers * 128) {
        const int32_t number = i / kChunks, x = tile.n * Config::kBlockN + i % kChunks * kElements;
        const int32_t row = tile.row - rows.before + number + (number < rows.before ? 0 : Config::kBlockM);
        if (x >= params.n) continue;
        *reinterpret_cast<uint4*>(static_cast<Out*>(params.d_data) + row * params.d_row_stride + x) = {};
    }
}

}  // namespace aotgemm::sm90
