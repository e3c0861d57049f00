// A call of the indexer's logits.
#pragma once

#include <cstdint>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct MqaLogitsCall {
    const aotgemm_tensor& q;
    const aotgemm_tensor* q_sf;  // of FP4; null: q and kv are FP8
    const aotgemm_tensor &kv, &kv_sf, &weights, &starts, &ends, &logits;
    bool compressed, clean;

    bool is_fp4() const { return q_sf != nullptr; }
    const aotgemm_tensor& q_sf_or_q() const { return is_fp4() ? *q_sf : q; }  // for what looks at all operands
    int64_t rows() const { return q.shape[0]; }
    int32_t heads() const { return static_cast<int32_t>(q.shape[1]); }
    int32_t row_bytes() const { return static_cast<int32_t>(q.shape[2]); }  // of a head, and of a key
    int64_t keys() const { return kv.shape[0]; }
};

}  // namespace aotgemm
