// Arguments of the paged_mqa_logits kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

#include "common/paged_schedule.hpp"
#include "sm90/mqa_logits/params.hpp"

namespace aotgemm::sm90 {

struct PagedMqaLogitsParams {
    CUtensorMap q;         // [sequences * rows_of_sequence * heads, head_dim] in boxes of the kernel's columns
    CUtensorMap k;         // [blocks, block_keys, head_dim] in boxes of a block
    CUtensorMap k_scales;  // [blocks, block_keys] in boxes of a block
    const float* weights;
    int64_t weights_row_stride;
    const int32_t* lengths;  // of the first sequence's keys
    int64_t lengths_stride;
    const int32_t* block_table;
    int64_t block_table_stride;
    const int32_t* schedule;  // {sequence, split} where each slot begins, and the end
    void* logits;
    int64_t logits_row_stride;
    int64_t width;  // columns of logits
    int32_t slots, sequences, rows_of_sequence;
    int32_t block_keys, table_blocks;  // keys of a block: 32 or 64; blocks of a row of the table
};

}  // namespace aotgemm::sm90
