// Family mqa_logits on Blackwell (sm_100a): logits of the keys of each row of q, in FP8 E4M3 or in FP4 E2M1 with UE8M0
// scales, weighted and summed over heads. One kernel serves every head_dim and both types of logits.
//
// Keys are the 128 rows of the instruction, rows of q and their heads its columns: two tiles of 128, which share the keys
// of a stage. Parts, in the order in which a block of rows passes through them:
//   sm90/mqa_logits/share.cuh  every thread block finds its share of all stages
//   producer.cuh       the producer warp loads q, weights, key ranges, then keys and scales
//   query_loader.cuh   its side of the pipeline of blocks of rows
//   pipeline.cuh       barriers and shared memory of all
//   scale_warp.cuh     FP4: arranges scales for tensor memory
//   mma_warp.cuh       multiplies into one of three accumulators; instruction.cuh: the instructions
//   epilogue.cuh       two warpgroups, a tile each: tensor memory to logits
//   head_sum.cuh       relu, weights, the sum over heads
//   sm90/mqa_logits/store.cuh  stores; the other warps write -infinity where there are no keys
// config.cuh: shared and tensor memory; params.hpp: arguments; frame.cuh: start, roles and end.
// Host side: cpp/dispatch/ops/mqa_logits/sm100/mqa_logits.cpp. CPU twin: cpp/emulation/ops/mqa_logits.cpp.
#pragma once

#include "sm100/mqa_logits/frame.cuh"
#include "sm100/mqa_logits/producer.cuh"
#include "sm90/mqa_logits/share.cuh"
#include "sm90/mqa_logits/store.cuh"

namespace aotgemm::sm100 {

template <class Out_>
struct LogitsOf {
    using Out = Out_;
};

template <class Config>
__device__ __forceinline__ void mqa_logits(const MqaLogitsParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const uint32_t tensor_memory = start_mqa<Config>(params, shared, warp);
    const sm90::Share share = sm90::find_share<Config>(params, shared + Config::kOffsetShare);
    const auto clean = [&](int number, int of) {
        if (params.clean == 0) return;
        params.format.is_bf16 != 0 ? sm90::clean_rows<LogitsOf<uint16_t>>(params, number, of, lane)
                                   : sm90::clean_rows<LogitsOf<float>>(params, number, of, lane);
    };
    const MqaPipeline<Config> pipeline{shared};
    const auto produce = [&] { MqaProducer<Config>{params, pipeline, lane, {params, pipeline, lane}}.run(share); };
    run_mqa<Config>(params, shared, tensor_memory, warp, lane, produce, clean);
}

}  // namespace aotgemm::sm100
