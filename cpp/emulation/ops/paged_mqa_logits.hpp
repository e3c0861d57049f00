// Family paged_mqa_logits on the CPU, and the schedule of its keys.
#pragma once

#include "emulation/emulation.hpp"
#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm::emulation {

// Keys in blocks of a cache: in each the values of its keys, one after the other, then their scales.
struct PagedKeys {
    const std::uint8_t* data;
    std::int64_t blocks, block_stride;  // bytes
    int block_keys, row_bytes;
    Matrix<const std::int32_t> table;  // [sequences, blocks of a sequence]
    const std::int32_t* lengths;       // keys of each sequence
    std::int64_t lengths_stride;
};

// mqa_logits for the rows of q of each sequence and that sequence's keys, as far as the schedule's slots cover them. Key j
// lies in column j; other columns stay as they are.
struct PagedMqaLogits {
    MqaArithmetic arithmetic;
    Matrix<const std::uint8_t> q;   // [sequences * rows_of_sequence * heads, bytes of a head]
    const std::uint32_t* q_scales;  // FP4: one for each row of q
    int heads;
    std::int64_t rows_of_sequence;
    PagedKeys keys;
    Matrix<const float> weights;         // [sequences * rows_of_sequence, heads]
    Matrix<const std::int32_t> schedule;  // [slots + 1, 2]
    Matrix<void> logits;
};

void paged_mqa_logits(const PagedMqaLogits& call, OutType type, int threads);

// As aotgemm_paged_mqa_logits_metadata defines it. schedule: [slots + 1, 2], row-major.
void paged_mqa_schedule(const std::int32_t* lengths, std::int64_t lengths_stride, std::int64_t sequences,
                        std::int64_t slots, std::int32_t* schedule);

}  // namespace aotgemm::emulation
