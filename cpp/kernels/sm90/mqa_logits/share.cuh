// A thread block's share of the work: the cost of all blocks of rows, one block after the other, in equal parts.
//
// Rows differ in how many keys they have, and only the device knows. Every thread block adds up the cost of all blocks of
// rows: with 4,096 rows a few microseconds, in which it reads 32 KiB of the L2.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "sm90/mqa_logits/key_range.cuh"

namespace aotgemm::sm90 {

// So much cost from block `block` on, but for what is skipped of that one.
struct Share {
    int32_t block, skipped, cost;
};

// The sum over the threads before this one; `total` becomes the sum over all. All threads call it.
__device__ __forceinline__ int32_t sum_before(int32_t value, uint32_t warp_sums, int32_t& total) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int32_t through = value;
#pragma unroll
    for (int distance = 1; distance < 32; distance *= 2) {
        const int32_t other = __shfl_up_sync(0xFFFFFFFF, through, distance);
        if (lane >= distance) through += other;
    }
    if (lane == 31) ptx::store_word(warp_sums + 4 * warp, through);
    __syncthreads();
    int32_t before = through - value;
    total = 0;
    for (int i = 0; i < kMqaThreads / 32; ++i) {
        const int32_t sum = ptx::load_word(warp_sums + 4 * i);
        if (i < warp) before += sum;
        total += sum;
    }
    return before;
}

// All threads of the block call it; `shared`: Config::kShareBytes bytes.
template <class Config>
__device__ __forceinline__ Share find_share(const MqaLogitsParams& params, uint32_t shared) {
    const int32_t blocks = (params.rows + Config::kBlockRows - 1) / Config::kBlockRows;
    const int32_t per_thread = (blocks + kMqaThreads - 1) / kMqaThreads;
    const int32_t first = min(static_cast<int32_t>(threadIdx.x) * per_thread, blocks);
    const int32_t end = min(first + per_thread, blocks);
    int32_t own = 0, total;
    for (int32_t block = first; block < end; ++block) own += block_keys<Config>(params, block).cost();
    int32_t before = sum_before(own, shared + 16, total);
    const int32_t grid = static_cast<int32_t>(gridDim.x), index = static_cast<int32_t>(blockIdx.x);
    const int32_t begin = index * (total / grid) + min(index, total % grid);
    const int32_t count = total / grid + (index < total % grid ? 1 : 0);
    if (count > 0 && before <= begin && begin < before + own) {
        int32_t block = first;
        for (;; ++block) {
            const int32_t cost = block_keys<Config>(params, block).cost();
            if (begin < before + cost) break;
            before += cost;
        }
        ptx::store_word(shared, block);
        ptx::store_word(shared + 4, begin - before);
    }
    __syncthreads();
    if (count == 0) return {0, 0, 0};
    return {ptx::load_word(shared), ptx::load_word(shared + 4), count};
}

}  // namespace aotgemm::sm90
