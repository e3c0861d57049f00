// A call of the indexer's logits for keys in blocks of a cache.
#pragma once

#include <cstdint>

#include "aotgemm/aotgemm.h"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

struct PagedMqaLogitsCall {
    const aotgemm_tensor& q;
    const aotgemm_tensor* q_sf;  // of FP4; null: q and the cache are FP8
    const aotgemm_tensor &kv_cache, &weights, &context_lens, &block_table, &schedule, &logits;

    bool is_fp4() const { return q_sf != nullptr; }
    const aotgemm_tensor& q_sf_or_q() const { return is_fp4() ? *q_sf : q; }  // for what looks at all operands
    int64_t sequences() const { return q.shape[0]; }
    int64_t rows_of_sequence() const { return q.shape[1]; }
    int32_t heads() const { return static_cast<int32_t>(q.shape[2]); }
    int32_t row_bytes() const { return static_cast<int32_t>(q.shape[3]); }  // of a head, and of a key
    int64_t rows() const { return sequences() * rows_of_sequence(); }
    int64_t blocks() const { return kv_cache.shape[0]; }
    int32_t block_kv() const { return static_cast<int32_t>(kv_cache.shape[1]); }
    int64_t block_stride() const { return kv_cache.stride[0]; }  // bytes
    const int32_t* lengths() const { return static_cast<const int32_t*>(context_lens.data) + rows_of_sequence() - 1; }
};

// Checks the call, then runs it on the CPU or launches it.
void run_paged_mqa_logits(const PagedMqaLogitsCall& call, const aotgemm_launch& options);

// On a GPU of that architecture whose context is current; the call has been checked and has rows, columns, blocks and
// slots.
void launch_paged_mqa_logits_sm90(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream);
void launch_paged_mqa_logits_sm100(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream);

}  // namespace aotgemm
