// What a call of the indexer's logits must be, on the CPU and on a GPU alike.
#pragma once

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/mqa_logits/call.hpp"

namespace aotgemm {

// q: its last two dimensions are the heads and the bytes of one, FP8 or, with scales, packed FP4; contiguous. q_sf: null, or
// int32 with a word for each head of q, contiguous. FP4 is for sm_100a.
void check_indexer_query(const Operand& q, const aotgemm_tensor* q_sf);

// FP32 [rows, heads of q], elements of a row adjacent.
void check_indexer_weights(const Operand& weights, int64_t rows, int64_t heads, const char* meaning_of_rows);

// Elements of every dimension adjacent; `bytes`: what its start is a multiple of.
void check_contiguous(const Operand& operand, int32_t bytes);

// int32 [sequences, rows of one], contiguous.
void check_context_lens(const Operand& context_lens);

// int32 [slots + 1, 2], contiguous.
void check_schedule(const Operand& schedule);

// Keys of a block of the cache: 32 or 64.
void check_block_kv(int64_t block_kv);

void check_mqa_logits(const MqaLogitsCall& call);

// Of a call that writes logits.
void check_mqa_logits_memory(const MqaLogitsCall& call);

}  // namespace aotgemm
