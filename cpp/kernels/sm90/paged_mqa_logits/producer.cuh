// The producer warp of keys: blocks of the cache and their scales, stage by stage.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/paged_mqa_logits/walk.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm90 {

// The keys of a part that 32 entries of the table have; a part is loaded once for every block of its rows of q.
class KeyRounds {
public:
    __device__ __forceinline__ KeyRounds(const PagedMqaLogitsParams& params, int lane, int32_t block_rows)
        : walk_(params, lane), repeats_((params.rows_of_sequence + block_rows - 1) / block_rows),
          keys_(32 * params.block_keys) {}

    // Keys [first, end) of a sequence, and of them those of the round up to `end_of_round`. All lanes call it.
    __device__ __forceinline__ bool next(PagedPart& round, int32_t& end_of_round) {
        if (at_ >= part_.end) {
            if (--left_ <= 0) {
                if (!walk_.next(part_)) return false;
                left_ = repeats_;
            }
            at_ = part_.first;
        }
        round = {part_.sequence, at_, part_.end};
        at_ = part_.end - at_ > keys_ ? at_ + keys_ : part_.end;
        end_of_round = at_;
        return true;
    }

private:
    PagedWalk walk_;
    int32_t repeats_, keys_;
    PagedPart part_{0, 0, 0};
    int32_t at_ = 0, left_ = 0;
};

template <class Config>
struct PagedKeyProducer {
    const PagedMqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    PipelineState<Config::kStages> at{};

    // The table is read a round ahead.
    __device__ __forceinline__ void run() {
        KeyRounds rounds(params, lane, Config::kBlockRows);
        Round now, next;
        bool has_next = read(rounds, now);
        while (has_next) {
            has_next = read(rounds, next);
            load(now);
            now = next;
        }
    }

private:
    struct Round {
        int32_t keys;   // of the round
        int32_t block;  // in the cache: the lane's; -1 for none
    };

    // Blocks past the end, and such as there are none, are zeros.
    __device__ __forceinline__ bool read(KeyRounds& rounds, Round& round) const {
        PagedPart part;
        int32_t end;
        if (!rounds.next(part, end)) return false;
        const int32_t* table = params.block_table + part.sequence * params.block_table_stride;
        const int32_t first = part.first + lane * params.block_keys;
        round = {end - part.first, first < part.end ? table[first / params.block_keys] : -1};
        return true;
    }

    __device__ __forceinline__ void load(const Round& round) {
        const int per_stage = kMqaBlockKeys / params.block_keys;
        for (int32_t i = 0; i * kMqaBlockKeys < round.keys; ++i) {
            load_stage(__shfl_sync(0xFFFFFFFF, round.block, i * per_stage + lane % per_stage), per_stage);
        }
    }

    // The first lanes load a block each.
    __device__ __forceinline__ void load_stage(int32_t block, int blocks) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
        const uint32_t full = pipeline.full(at.stage);
        if (lane == 0) ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes);
        __syncwarp();
        if (lane < blocks) {
            const int first = lane * params.block_keys;
            ptx::tma_load(pipeline.keys(at.stage) + first * Config::kHeadDim, &params.k, full, {0, 0, block});
            ptx::tma_load(pipeline.scales(at.stage) + first * 4, &params.k_scales, full, 0, block);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
