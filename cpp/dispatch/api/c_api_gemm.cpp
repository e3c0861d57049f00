// The part of the C ABI that multiplies: every named call is one of aotgemm_gemm.
#include "aotgemm/aotgemm.h"
#include "dispatch/api/launch_options.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/ops/gemm/run.hpp"
#include "dispatch/select/batch_ranges.hpp"

// What a call does not name is null or 0, as the struct's comment says.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

using namespace aotgemm;

namespace {

aotgemm_status run(const aotgemm_gemm_call& call, const aotgemm_launch* launch) { return aotgemm_gemm(&call, launch); }

const char* contiguous_grouping(int32_t use_psum) { return use_psum != 0 ? "psum" : "contiguous"; }

}  // namespace

aotgemm_status aotgemm_gemm(const aotgemm_gemm_call* call, const aotgemm_launch* launch) {
    return guarded([&] { run_gemm(required("call", call), options_of(launch)); });
}

aotgemm_status aotgemm_fp8_gemm_nt(const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b,
                                   const aotgemm_tensor* sfb, const aotgemm_tensor* d, const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d2d", .grouping = "dense", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .d = d}, launch);
}

aotgemm_status aotgemm_m_grouped_fp8_gemm_nt_contiguous(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                        const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                        const aotgemm_tensor* d, const aotgemm_tensor* grouped_layout,
                                                        int32_t use_psum, int64_t expected_m,
                                                        const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d2d", .grouping = contiguous_grouping(use_psum), .layout = "nt", .a = a, .sfa = sfa,
                .b = b, .sfb = sfb, .d = d, .index = grouped_layout, .expected_m = expected_m}, launch);
}

aotgemm_status aotgemm_m_grouped_fp8_gemm_nt_masked(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                    const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                    const aotgemm_tensor* d, const aotgemm_tensor* masked_m,
                                                    int64_t expected_m, const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d2d", .grouping = "masked", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .d = d, .index = masked_m, .expected_m = expected_m}, launch);
}

aotgemm_status aotgemm_fp8_bmm_nt(const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b,
                                  const aotgemm_tensor* sfb, const aotgemm_tensor* d, const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d2d", .grouping = "batched", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .d = d}, launch);
}

aotgemm_status aotgemm_fp8_gemm_nt_skip_head_mid(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                 const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                 const aotgemm_tensor* d, int64_t left, int64_t mid, int64_t right,
                                                 const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d2d", .grouping = "dense", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .d = d, .head_left = left, .head_mid = mid, .head_right = right}, launch);
}

aotgemm_status aotgemm_fp8_gemm_nt_1d1d(const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b,
                                        const aotgemm_tensor* sfb, const aotgemm_tensor* c, const aotgemm_tensor* d,
                                        const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d1d", .grouping = "dense", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .c = c, .d = d}, launch);
}

aotgemm_status aotgemm_k_grouped_fp8_gemm_nt_contiguous(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                        const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                        const aotgemm_tensor* c, const aotgemm_tensor* d,
                                                        const int64_t* ks, int32_t ks_count,
                                                        const aotgemm_tensor* ks_tensor, const aotgemm_launch* launch) {
    return run({.family = "fp8_gemm_1d1d", .grouping = "k_grouped", .layout = "nt", .a = a, .sfa = sfa, .b = b, .sfb = sfb,
                .c = c, .d = d, .index = ks_tensor, .ks = ks, .ks_count = ks_count}, launch);
}

aotgemm_status aotgemm_bf16_gemm(const char* layout, const aotgemm_tensor* a, const aotgemm_tensor* b,
                                 const aotgemm_tensor* c, const aotgemm_tensor* d, const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = "dense", .layout = layout, .a = a, .b = b, .c = c, .d = d}, launch);
}

aotgemm_status aotgemm_m_grouped_bf16_gemm_contiguous(const char* layout, const aotgemm_tensor* a,
                                                      const aotgemm_tensor* b, const aotgemm_tensor* d,
                                                      const aotgemm_tensor* grouped_layout, int32_t use_psum,
                                                      int64_t expected_m, const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = contiguous_grouping(use_psum), .layout = layout, .a = a, .b = b, .d = d,
                .index = grouped_layout, .expected_m = expected_m}, launch);
}

aotgemm_status aotgemm_m_grouped_bf16_gemm_nt_masked(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                     const aotgemm_tensor* d, const aotgemm_tensor* masked_m,
                                                     int64_t expected_m, const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = "masked", .layout = "nt", .a = a, .b = b, .d = d, .index = masked_m,
                .expected_m = expected_m}, launch);
}

aotgemm_status aotgemm_bf16_bmm(const char* layout, const aotgemm_tensor* a, const aotgemm_tensor* b,
                                const aotgemm_tensor* d, const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = "batched", .layout = layout, .a = a, .b = b, .d = d}, launch);
}

aotgemm_status aotgemm_k_grouped_bf16_gemm_tn_contiguous(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                         const aotgemm_tensor* c, const aotgemm_tensor* d,
                                                         const int64_t* ks, int32_t ks_count,
                                                         const aotgemm_tensor* ks_tensor,
                                                         const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = "k_grouped", .layout = "tn", .a = a, .b = b, .c = c, .d = d,
                .index = ks_tensor, .ks = ks, .ks_count = ks_count}, launch);
}

aotgemm_status aotgemm_bf16_gemm_nt_batch_reduced(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                  const aotgemm_tensor* c, const aotgemm_tensor* d,
                                                  const aotgemm_tensor* workspace, const aotgemm_launch* launch) {
    return run({.family = "bf16_gemm", .grouping = "batch_reduced", .layout = "nt", .a = a, .b = b, .c = c, .d = d,
                .workspace = workspace}, launch);
}

int64_t aotgemm_batch_ranges(int64_t batches, int64_t m, int64_t n) { return batch_ranges(batches, m, n); }

const char* aotgemm_group_index_name(const char* grouping) { return group_index_name(grouping); }
