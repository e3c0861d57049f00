#include "dispatch/ops/mqa_logits/check.hpp"

#include <algorithm>
#include <limits>

#include "dispatch/base/checked.hpp"
#include "dispatch/base/extent.hpp"
#include "dispatch/ops/mqa_logits/arithmetic.hpp"

namespace aotgemm {
namespace {

void check_one_of(const Operand& operand, int dimension, std::initializer_list<int64_t> allowed, const char* meaning) {
    const int64_t size = operand.tensor.shape[dimension];
    if (std::find(allowed.begin(), allowed.end(), size) != allowed.end()) return;
    std::string sizes;
    for (const int64_t each : allowed) sizes += text(sizes.empty() ? "" : each == *(allowed.end() - 1) ? " or " : ", ", each);
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": size ", dimension, " (", meaning, ") is ", size, ", allowed is ", sizes);
}

void check_at_most(const Operand& operand, int64_t value, const char* meaning) {
    if (value <= INT32_MAX) return;
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": has ", value, " ", meaning, ", allowed is at most ", INT32_MAX);
}

void check_key_range(const Operand& operand, int64_t rows) {
    check_dtype(operand, {AOTGEMM_INT32});
    check_rank(operand, 1, 1);
    check_size(operand, 0, rows, "rows of q");
    check_contiguous(operand, 4);
}

void check_query_scales(const Operand& q_sf, const Operand& q) {
    if (!is_sm100(q.tensor)) {
        fail(AOTGEMM_ERROR_DTYPE, "q_sf: is given, allowed is none: queries in FP8 have no scales, and FP4 is for sm_100a");
    }
    const int rank = q.tensor.ndim - 1;
    check_dtype(q_sf, {AOTGEMM_INT32});
    check_rank(q_sf, rank, rank);
    for (int i = 0; i < rank; ++i) check_size(q_sf, i, q.tensor.shape[i], "of q");
    check_contiguous(q_sf, 16);
}

}  // namespace

void check_contiguous(const Operand& operand, int32_t bytes) {
    const aotgemm_tensor& tensor = operand.tensor;
    if (is_empty(tensor)) return;
    int64_t expected = 1;
    for (int i = tensor.ndim - 1; i >= 0; --i) {
        if (tensor.shape[i] > 1 && tensor.stride[i] != expected) {
            fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", tensor.stride[i], ", must be ",
                 expected, " (contiguous)");
        }
        expected = checked_product({expected, tensor.shape[i]}).value_or(std::numeric_limits<int64_t>::max());
    }
    const auto excess = reinterpret_cast<uintptr_t>(tensor.data) % static_cast<uintptr_t>(bytes);
    if (excess == 0) return;
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": data starts ", excess, " bytes past a multiple of ", bytes,
         ", must start at one");
}

void check_indexer_query(const Operand& q, const aotgemm_tensor* q_sf) {
    const int last = q.tensor.ndim - 1;
    if (is_sm100(q.tensor)) {
        check_one_of(q, last - 1, {8, 16, 32, 64}, "heads");
    } else {
        check_one_of(q, last - 1, {16, 32, 64}, "heads");
    }
    if (q_sf == nullptr) {
        check_one_of(q, last, {32, 64, 128}, "head_dim");
        return check_contiguous(q, 16);
    }
    check_one_of(q, last, {32, 64}, "half of head_dim, two FP4 to a byte");
    check_contiguous(q, 16);
    check_query_scales({"q_sf", *q_sf}, q);
}

void check_indexer_weights(const Operand& weights, int64_t rows, int64_t heads, const char* meaning_of_rows) {
    check_dtype(weights, {AOTGEMM_FP32});
    check_rank(weights, 2, 2);
    check_size(weights, 0, rows, meaning_of_rows);
    check_size(weights, 1, heads, "heads of q");
    check_rows_adjacent(weights);
}

void check_context_lens(const Operand& context_lens) {
    check_dtype(context_lens, {AOTGEMM_INT32});
    check_rank(context_lens, 2, 2);
    check_contiguous(context_lens, 4);
    if (context_lens.tensor.shape[1] > 0) return;
    fail(AOTGEMM_ERROR_SHAPE, context_lens.name, ": size 1 is 0, allowed is 1 or more (rows of a sequence of q)");
}

void check_schedule(const Operand& schedule) {
    check_dtype(schedule, {AOTGEMM_INT32});
    check_rank(schedule, 2, 2);
    check_size(schedule, 1, 2, "sequence and split");
    check_contiguous(schedule, 4);
}

void check_block_kv(int64_t block_kv) {
    if (block_kv == 32 || block_kv == 64) return;
    fail(AOTGEMM_ERROR_SHAPE, "block_kv: is ", block_kv, ", allowed is 32 or 64");
}

void check_mqa_logits(const MqaLogitsCall& call) {
    const Operand q{"q", call.q}, kv{"kv", call.kv}, kv_sf{"kv_sf", call.kv_sf}, weights{"weights", call.weights};
    const Operand starts{"cu_seq_len_k_start", call.starts}, ends{"cu_seq_len_k_end", call.ends};
    const Operand logits{"logits", call.logits};
    check_rank(q, 3, 3);
    check_dtype(q, {call.is_fp4() ? AOTGEMM_INT8 : AOTGEMM_FP8_E4M3});
    check_dtype(kv, {call.is_fp4() ? AOTGEMM_INT8 : AOTGEMM_FP8_E4M3});
    check_dtype(kv_sf, {call.is_fp4() ? AOTGEMM_INT32 : AOTGEMM_FP32});
    check_dtype(logits, {AOTGEMM_FP32, AOTGEMM_BF16});
    check_rank(kv, 2, 2);
    check_rank(kv_sf, 1, 1);
    check_rank(logits, 2, 2);
    check_same_device({q, kv, kv_sf, weights, starts, ends, logits, {"q_sf", call.q_sf_or_q()}});
    check_indexer_query(q, call.q_sf);
    check_size(kv, 1, call.row_bytes(), call.is_fp4() ? "half of head_dim of q, two FP4 to a byte" : "head_dim of q");
    check_matrix_layout(kv, 1);
    check_size(kv_sf, 0, call.keys(), "rows of kv");
    check_contiguous(kv_sf, 16);
    check_indexer_weights(weights, call.rows(), call.heads(), "rows of q");
    check_key_range(starts, call.rows());
    check_key_range(ends, call.rows());
    check_size(logits, 0, call.rows(), "rows of q");
    if (!call.compressed) check_size(logits, 1, call.keys(), "rows of kv");
    check_matrix_layout(logits, element_bytes(call.logits.dtype));
    check_at_most(q, call.rows() * call.heads(), "rows and heads");
    check_at_most(kv, call.keys(), "keys");
    if (call.compressed && call.clean) {
        fail(AOTGEMM_ERROR_LAYOUT, "clean_logits: is true, must be false for compressed logits");
    }
}

void check_mqa_logits_memory(const MqaLogitsCall& call) {
    check_call_memory({{"logits", call.logits}},
                      {{"q", call.q}, {"kv", call.kv}, {"kv_sf", call.kv_sf}, {"weights", call.weights},
                       {"cu_seq_len_k_start", call.starts}, {"cu_seq_len_k_end", call.ends},
                       {"q_sf", call.q_sf_or_q()}});
}

}  // namespace aotgemm
