// Family mqa_logits on Hopper: logits of the keys of each row of q, in FP8 E4M3, weighted and summed over heads.
//
// Keys are the 64 rows of the instruction, rows of q and their heads its 128 columns. Parts, in the order in which a block
// of rows passes through them:
//   share.cuh      every thread block finds its share of all stages
//   producer.cuh   the producer warp loads q, weights, key ranges, then keys and scales
//   pipeline.cuh   barriers and shared memory of both
//   operand.cuh    wgmma
//   consumer.cuh   two warpgroups, each with its own rows of q and all keys
//   head_sum.cuh   relu, weights, the sum over heads
//   store.cuh      logits; three other warps write -infinity where there are no keys
// config.cuh: shared memory; params.hpp: arguments; key_range.cuh: which keys a row has.
// Host side: cpp/dispatch/ops/mqa_logits/sm90/mqa_logits.cpp. CPU twin: cpp/emulation/ops/mqa_logits.cpp.
#pragma once

#include "ptx/block.cuh"
#include "sm90/mqa_logits/config.cuh"
#include "sm90/mqa_logits/consumer.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/mqa_logits/producer.cuh"
#include "sm90/mqa_logits/share.cuh"
#include "sm90/mqa_logits/store.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void mqa_logits(const MqaLogitsParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kColumns);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const auto [group, warp, lane] = mqa_thread();
    const MqaPipeline<Config> pipeline{shared};
    start_mqa(pipeline, params);
    ptx::griddepcontrol_wait();
    const Share share = find_share<Config>(params, shared + Config::kOffsetShare);
    if (group < kMqaConsumers) {
        ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        MqaConsumer<Config>{params, pipeline, group, warp, lane}.run();
        return;
    }
    ptx::setmaxnreg_dec<Config::kProducerRegisters>();
    if (warp == 0) {
        MqaProducer<Config>{params, pipeline, lane}.run(share);
        ptx::griddepcontrol_launch_dependents();
    } else if (params.clean != 0) {
        clean_rows<Config>(params, warp - 1, 3, lane);
    }
}

}  // namespace aotgemm::sm90
