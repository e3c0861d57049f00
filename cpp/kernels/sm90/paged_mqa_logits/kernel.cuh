// Family paged_mqa_logits on Hopper: mqa_logits for keys that lie in blocks of a cache, by a table for each sequence.
//
// The two consumer warpgroups share the rows of q, since there are few, and have half of the keys of each stage.
//   walk.cuh         the parts of sequences that the schedule gives a thread block
//   producer.cuh     a warp that walks and loads the keys by the table
//   queries.cuh      a warp that walks and loads the rows of q
//   ../mqa_logits    pipeline, consumer, sum over heads, stores
// Host side: cpp/dispatch/ops/mqa_logits/sm90/paged_mqa_logits.cpp. CPU twin: cpp/emulation/ops/paged_mqa_logits.cpp.
#pragma once

#include "ptx/block.cuh"
#include "sm90/mqa_logits/config.cuh"
#include "sm90/mqa_logits/consumer.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/paged_mqa_logits/producer.cuh"
#include "sm90/paged_mqa_logits/queries.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void paged_mqa_logits(const PagedMqaLogitsParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kColumns);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const auto [group, warp, lane] = mqa_thread();
    const MqaPipeline<Config> pipeline{shared};
    start_mqa(pipeline, params);
    __syncthreads();
    ptx::griddepcontrol_wait();
    if (group < kMqaConsumers) {
        ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        MqaConsumer<Config>{params, pipeline, group, warp, lane}.run();
        return;
    }
    ptx::setmaxnreg_dec<Config::kProducerRegisters>();
    if (warp == 0) {
        PagedKeyProducer<Config>{params, pipeline, lane}.run();
        ptx::griddepcontrol_launch_dependents();
    } else if (warp == 1) {
        PagedQueryProducer<Config>{params, pipeline, lane}.run();
    }
}

}  // namespace aotgemm::sm90
