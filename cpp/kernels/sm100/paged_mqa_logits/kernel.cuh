// Family paged_mqa_logits on Blackwell (sm_100a): mqa_logits for keys that lie in blocks of a cache, by a table for each
// sequence.
//
// There is one tile of rows of q, with as many columns as they need, since there are few; the two warpgroups of the
// epilogue take the stages of keys in turn.
//   producer.cuh     the producer warp walks through the schedule and the table
//   ../mqa_logits    pipeline, matrix instructions, sum over heads, stores
// Host side: cpp/dispatch/ops/mqa_logits/sm100/paged_mqa_logits.cpp. CPU twin: cpp/emulation/ops/paged_mqa_logits.cpp.
#pragma once

#include "sm100/mqa_logits/frame.cuh"
#include "sm100/paged_mqa_logits/producer.cuh"

namespace aotgemm::sm100 {

template <class Config>
__device__ __forceinline__ void paged_mqa_logits(const PagedMqaLogitsParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const uint32_t tensor_memory = start_mqa<Config>(params, shared, warp);
    const MqaPipeline<Config> pipeline{shared};
    const auto produce = [&] { PagedMqaProducer<Config>{params, pipeline, lane, {params, pipeline, lane}}.run(); };
    run_mqa<Config>(params, shared, tensor_memory, warp, lane, produce, [](int, int) {});
}

}  // namespace aotgemm::sm100
