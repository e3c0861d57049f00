// The families on the CPU: parts of a call as matrices of the emulation.
#include <vector>

#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/select/batch_ranges.hpp"

namespace aotgemm {
namespace {

emulation::OutType out_type(const GemmCall& call) {
    return call.d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16;
}

void sum_batches_on_cpu(const GemmCall& call, int threads) {
    const int64_t batches = call.sizes.groups;
    emulation::bf16_gemm_batch_reduced(
        {.a = matrix_of<const uint16_t>(call.a),
         .b = matrix_of<const uint16_t>(call.b),
         .batches = batches,
         .a_batch_stride = call.a.group_stride,
         .b_batch_stride = call.b.group_stride,
         .batches_of_a_range = batches > 0 ? batches_of_a_range(batches, call.sizes.m, call.sizes.n) : 1,
         .c = matrix_of<const void>(call.c),
         .d = matrix_of<void>(call.d)},
        out_type(call), threads);
}

}  // namespace

void run_fp8_gemm_1d2d_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    const int64_t left = call.given->head_left, mid = call.given->head_mid, right = call.given->head_right;
    std::vector<emulation::Fp8Gemm1d2d> gemms;
    for (const GemmPart& each : parts) {
        const GemmCall part = part_of(call, each);
        gemms.push_back({.a = matrix_of<const uint8_t>(part.a),
                         .sfa = matrix_of<const float>(part.sfa),
                         .b = matrix_of<const uint8_t>(part.b),
                         .sfb = matrix_of<const float>(part.sfb),
                         .d = matrix_of<uint16_t>(part.d),
                         .skipped = {.period = mid == 0 ? 0 : left + right, .before = left, .width = mid}});
    }
    emulation::fp8_gemm_1d2d(gemms, threads);
}

void run_fp8_gemm_1d1d_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    std::vector<emulation::Fp8Gemm1d1d> gemms;
    for (const GemmPart& each : parts) {
        const GemmCall part = part_of(call, each);
        gemms.push_back({.a = matrix_of<const uint8_t>(part.a),
                         .sfa = matrix_of<const float>(part.sfa),
                         .b = matrix_of<const uint8_t>(part.b),
                         .sfb = matrix_of<const float>(part.sfb),
                         .c = matrix_of<const void>(part.c),
                         .d = matrix_of<void>(part.d)});
    }
    emulation::fp8_gemm_1d1d(gemms, out_type(call), threads);
}

void run_bf16_gemm_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    if (call.form->grouping == Grouping::batch_reduced) return sum_batches_on_cpu(call, threads);
    for (const GemmPart& each : parts) {
        const GemmCall part = part_of(call, each);
        emulation::bf16_gemm(matrix_of<const uint16_t>(part.a), matrix_of<const uint16_t>(part.b),
                             matrix_of<const void>(part.c), matrix_of<void>(part.d), out_type(call), threads);
    }
}

}  // namespace aotgemm
