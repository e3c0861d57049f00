#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/mqa_logits/arithmetic.hpp"
#include "dispatch/ops/mqa_logits/check.hpp"
#include "dispatch/ops/mqa_logits/paged.hpp"
#include "emulation/ops/paged_mqa_logits.hpp"

namespace aotgemm {
namespace {

template <class T>
emulation::Matrix<const T> rows_of(const aotgemm_tensor& tensor) {
    return {static_cast<const T*>(tensor.data), tensor.shape[0], tensor.shape[1], tensor.stride[0], 1};
}

void check_cache(const Operand& cache, int32_t row_bytes, bool is_fp4) {
    check_dtype(cache, {is_fp4 ? AOTGEMM_INT8 : AOTGEMM_FP8_E4M3});
    check_rank(cache, 4, 4);
    const aotgemm_tensor& blocks = cache.tensor;
    check_extents(cache);
    check_block_kv(blocks.shape[1]);
    check_size(cache, 2, 1, "heads of keys");
    check_size(cache, 3, row_bytes + 4, is_fp4 ? "half of head_dim of q, and a word of scales" : "head_dim of q, and a scale");
    if (is_empty(blocks)) return;
    const int64_t key_bytes = row_bytes + 4, block_bytes = blocks.shape[1] * key_bytes;
    if (blocks.stride[1] != key_bytes || blocks.stride[3] != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, "kv_cache: strides of dimensions 1 and 3 are ", blocks.stride[1], " and ",
             blocks.stride[3], ", must be ", key_bytes, " and 1 (a block contiguous)");
    }
    const int64_t stride = blocks.stride[0];
    if (blocks.shape[0] > 1 && (stride < block_bytes || stride % kTmaAlignment != 0 || stride >= kTmaStrideLimit)) {
        fail(AOTGEMM_ERROR_LAYOUT, "kv_cache: stride of dimension 0 is ", stride, " bytes, must be a multiple of ",
             kTmaAlignment, " from ", block_bytes, " on, and less than ", kTmaStrideLimit,
             " (2^40 bytes), as it is without padding between the blocks");
    }
    check_alignment(cache, kTmaAlignment);
}

void check_block_table(const Operand& table, int64_t sequences) {
    check_dtype(table, {AOTGEMM_INT32});
    check_rank(table, 2, 2);
    check_extents(table);
    check_size(table, 0, sequences, "sequences of q");
    check_rows_adjacent(table);
}

void check(const PagedMqaLogitsCall& call) {
    const Operand q{"q", call.q}, cache{"kv_cache", call.kv_cache}, weights{"weights", call.weights};
    const Operand lengths{"context_lens", call.context_lens}, table{"block_table", call.block_table};
    const Operand schedule{"schedule_meta", call.schedule}, logits{"logits", call.logits};
    check_rank(q, 4, 4);
    check_dtype(q, {call.is_fp4() ? AOTGEMM_INT8 : AOTGEMM_FP8_E4M3});
    check_indexer_query(q, call.q_sf);
    check_cache(cache, call.row_bytes(), call.is_fp4());
    check_dtype(logits, {AOTGEMM_FP32, AOTGEMM_BF16});
    check_rank(logits, 2, 2);
    check_context_lens(lengths);
    check_size(lengths, 0, call.sequences(), "sequences of q");
    check_size(lengths, 1, call.rows_of_sequence(), "rows of a sequence of q");
    check_indexer_weights(weights, call.rows(), call.heads(), "rows of all sequences of q");
    check_block_table(table, call.sequences());
    check_schedule(schedule);
    check_same_device({q, cache, weights, lengths, table, schedule, logits, {"q_sf", call.q_sf_or_q()}});
    check_size(logits, 0, call.rows(), "rows of all sequences of q");
    check_matrix_layout(logits, element_bytes(call.logits.dtype));
    if (call.rows() * call.heads() > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "q: has ", call.rows() * call.heads(), " rows and heads, allowed is at most ", INT32_MAX);
    }
}

void run_on_cpu(const PagedMqaLogitsCall& call, int32_t threads) {
    const auto type = call.logits.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16;
    emulation::paged_mqa_logits(
        {.arithmetic = mqa_arithmetic(call.logits, call.is_fp4()),
         .q = {static_cast<const uint8_t*>(call.q.data), call.rows() * call.heads(), call.row_bytes(), call.row_bytes(), 1},
         .q_scales = call.is_fp4() ? static_cast<const uint32_t*>(call.q_sf->data) : nullptr,
         .heads = call.heads(),
         .rows_of_sequence = call.rows_of_sequence(),
         .keys = {.data = static_cast<const uint8_t*>(call.kv_cache.data),
                  .blocks = call.blocks(),
                  .block_stride = call.block_stride(),
                  .block_keys = call.block_kv(),
                  .row_bytes = call.row_bytes(),
                  .table = rows_of<int32_t>(call.block_table),
                  .lengths = call.lengths(),
                  .lengths_stride = call.rows_of_sequence()},
         .weights = rows_of<float>(call.weights),
         .schedule = rows_of<int32_t>(call.schedule),
         .logits = {call.logits.data, call.logits.shape[0], call.logits.shape[1], call.logits.stride[0], 1}},
        type, threads);
}

}  // namespace

void run_paged_mqa_logits(const PagedMqaLogitsCall& call, const aotgemm_launch& options) {
    check(call);
    const bool has_keys = !is_empty(call.block_table) && !is_empty(call.kv_cache);
    if (is_empty(call.logits) || !has_keys || call.schedule.shape[0] < 2) return;
    check_call_memory({{"logits", call.logits}},
                      {{"q", call.q}, {"kv_cache", call.kv_cache}, {"weights", call.weights},
                       {"context_lens", call.context_lens}, {"block_table", call.block_table},
                       {"schedule_meta", call.schedule}, {"q_sf", call.q_sf_or_q()}});
    if (call.logits.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) run_on_cpu(call, options.cpu_threads);
        return;
    }
    const CudaDevice& device = cuda_device(call.logits.device_id);
    const ContextScope scope(device);
    const auto launcher = is_sm100(call.logits) ? launch_paged_mqa_logits_sm100 : launch_paged_mqa_logits_sm90;
    launcher(call, device, options.stream);
}

}  // namespace aotgemm
