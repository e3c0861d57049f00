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

// The keys of a part that 32 entries of the table have, an entry a lane; a part is loaded once for every block of its rows
// of q.
class KeyRounds {
public:
    struct Round {
        int32_t keys;
        int32_t block;  // in the cache: the lane's; -1 for none
    };

    __device__ __forceinline__ KeyRounds(const PagedMqaLogitsParams& params, int lane, int32_t block_rows)
        : params_(params), walk_(params, lane), lane_(lane),
          repeats_((params.rows_of_sequence + block_rows - 1) / block_rows), keys_(32 * params.block_keys) {}

    // False if there is none. All lanes call it. Blocks past the end are none.
    __device__ __forceinline__ bool next(Round& round) {
        if (at_ >= part_.end) {
            if (--left_ <= 0) {
                if (!walk_.next(part_, [this](int32_t sequence, int32_t split) { read_first(sequence, split); })) return false;
                left_ = repeats_;
            }
            at_ = part_.first;
        }
        const int32_t first = at_ + lane_ * params_.block_keys;
        round = {min(part_.end - at_, keys_), -1};
        if (first < part_.end) round.block = is_first() ? first_block_ : entry(part_.sequence, first / params_.block_keys);
        at_ += round.keys;
        return true;
    }

private:
    __device__ __forceinline__ int32_t entry(int32_t sequence, int32_t block) const {
        return params_.block_table[sequence * params_.block_table_stride + block];
    }

    // The entries of the part that a slot begins with are read before its length is known.
    __device__ __forceinline__ void read_first(int32_t sequence, int32_t split) {
        first_sequence_ = sequence;
        first_split_ = split;
        const int32_t in_split = kPagedSplitKeys / params_.block_keys, last = params_.table_blocks - 1 - lane_;
        if (last >= 0 && split <= last / in_split) first_block_ = entry(sequence, split * in_split + lane_);
    }
    __device__ __forceinline__ bool is_first() const {
        return part_.sequence == first_sequence_ && at_ == part_.first && part_.first / kPagedSplitKeys == first_split_;
    }

    const PagedMqaLogitsParams& params_;
    PagedWalk walk_;
    int lane_;
    int32_t repeats_, keys_;
    PagedPart part_{0, 0, 0};
    int32_t at_ = 0, left_ = 0;
    int32_t first_sequence_ = -1, first_split_ = 0, first_block_ = -1;
};

template <class Config>
struct PagedKeyProducer {
    const PagedMqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    PipelineState<Config::kStages> at{};

    using Round = KeyRounds::Round;

    // The table is read a round ahead.
    __device__ __forceinline__ void run() {
        KeyRounds rounds(params, lane, Config::kBlockRows);
        Round now, next;
        bool has_next = rounds.next(now);
        while (has_next) {
            has_next = rounds.next(next);
            load(now);
            now = next;
        }
    }

private:
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
