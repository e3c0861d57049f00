// Arguments of the paged_mqa_logits kernels on sm_100a, shared by host and device.
#pragma once

#include "sm100/mqa_logits/params.hpp"
#include "sm90/paged_mqa_logits/params.hpp"

namespace aotgemm::sm100 {

// sm_90a's; boxes of q have `columns` rows. With FP4 k_scales holds words of four UE8M0.
struct PagedMqaLogitsParams : sm90::PagedMqaLogitsParams {
    CUtensorMap q_scales;  // FP4: [1, sequences * rows_of_sequence * heads] in boxes of as many words
    MqaFormat format;
    int32_t columns;  // of the instruction, a multiple of kMqaColumnStep: as many as rows of a sequence have heads, if they fit
};

constexpr int kMqaColumnStep = 32;  // columns that the epilogue reads at a time

}  // namespace aotgemm::sm100
