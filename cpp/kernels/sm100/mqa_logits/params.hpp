// Arguments and launch shape of the mqa_logits kernels on sm_100a, shared by host and device.
#pragma once

#include "sm90/mqa_logits/params.hpp"

namespace aotgemm::sm100 {

// Keys are the 128 rows of the instruction, so a stage has as many; heads of rows of q are its columns.
constexpr int kMqaTileColumns = 128;
constexpr int kMqaTilesOfStage = 2;  // of mqa_logits: each stage of keys meets two tiles of rows of q

// What kernels take for q and keys of any head_dim, and for logits of either type.
struct MqaFormat {
    int32_t row_bytes;  // of a head of q, and of a key: 128, 64 or 32
    int32_t is_bf16;    // logits
};

// sm_90a's; boxes of q have kMqaTilesOfStage * kMqaTileColumns rows. With FP4 k_scales holds words of four UE8M0.
struct MqaLogitsParams : sm90::MqaLogitsParams {
    CUtensorMap q_scales;  // FP4: [1, rows * heads] in boxes of as many words as q's have rows
    MqaFormat format;
};

}  // namespace aotgemm::sm100
