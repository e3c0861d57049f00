// Arguments of the mqa_logits kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

constexpr int kMqaConsumers = 2;                      // consumer warpgroups of a thread block
constexpr int kMqaThreads = 128 * (kMqaConsumers + 1);  // and the producer warpgroup
constexpr int kMqaColumns = 128;                      // rows of q and their heads that a warpgroup multiplies at a time
constexpr int kMqaBlockKeys = 128;                    // keys of a stage

// What a block of rows costs beside its stages, as many stages: q and weights are loaded, and the last products are
// summed with none under way.
constexpr int kMqaBlockCost = 1;

struct MqaLogitsParams {
    CUtensorMap q;         // [rows * heads, head_dim] in boxes of kMqaConsumers * kMqaColumns rows
    CUtensorMap k;         // [keys, head_dim] in boxes of kMqaBlockKeys rows
    CUtensorMap k_scales;  // [1, keys] in boxes of kMqaBlockKeys columns
    const float* weights;
    int64_t weights_row_stride;
    const int32_t *starts, *ends;  // of each row's keys
    void* logits;
    int64_t logits_row_stride;
    int64_t width;  // columns of logits
    int32_t rows, keys;
    int32_t compressed;  // key j lies in column j - start
    int32_t clean;       // -infinity goes to the columns of no key
};

}  // namespace aotgemm::sm90
