// A call of the indexer's logits.
#pragma once

#include <cstdint>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct MqaLogitsCall {
    const aotgemm_tensor &q, &kv, &kv_sf, &weights, &starts, &ends, &logits;
    bool compressed, clean;

    int64_t rows() const { return q.shape[0]; }
    int32_t heads() const { return static_cast<int32_t>(q.shape[1]); }
    int32_t head_dim() const { return static_cast<int32_t>(q.shape[2]); }
    int64_t keys() const { return kv.shape[0]; }
};

}  // namespace aotgemm
