// Family bf16_gemm to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/select/batch_ranges.hpp"
#include "emulation/ops/bf16_gemm.hpp"

namespace aotgemm {

namespace sm90 {
GemmLauncher launch_bf16_gemm;
}
namespace sm100 {
GemmLauncher launch_bf16_gemm;
}

namespace {

// Grouped rows of A are dealt out to groups, so those kernels read A K-major alone.
constexpr GemmForm kGrouped{.layouts = {"nt", "nn"}, .outputs = {AOTGEMM_BF16}, .major_b = Major::by_strides};

constexpr GemmForm kForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt", "nn", "tn", "tt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32},
     .major_a = Major::by_strides, .major_b = Major::by_strides, .takes_c = true},
    in(Grouping::batched, kGrouped),
    in(Grouping::contiguous, kGrouped),
    in(Grouping::psum, kGrouped),
    {.grouping = Grouping::masked, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16}},
    {.grouping = Grouping::k_grouped, .layouts = {"tn"}, .outputs = {AOTGEMM_FP32}, .takes_c = true, .ks_multiple = 64,
     .ks_step = 16},
    {.grouping = Grouping::batch_reduced, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32}, .takes_c = true},
};

constexpr ArchLauncher kLaunchers[] = {{"sm_90a", sm90::launch_bf16_gemm}, {"sm_100a", sm100::launch_bf16_gemm}};

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
        out_type_of(call.d), threads);
}

void run_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    if (call.form->grouping == Grouping::batch_reduced) return sum_batches_on_cpu(call, threads);
    for (const GemmPart& each : parts) {
        const GemmCall part = part_of(call, each);
        emulation::bf16_gemm(matrix_of<const uint16_t>(part.a), matrix_of<const uint16_t>(part.b),
                             matrix_of<const void>(part.c), matrix_of<void>(part.d), out_type_of(call.d), threads);
    }
}

}  // namespace

namespace gemm_families {

extern const GemmFamily bf16_gemm{
    .name = "bf16_gemm",
    .operands = AOTGEMM_BF16,
    .scale_rows_a = 0,
    .scale_rows_b = 0,
    .n_multiple = 8,
    .k_multiple = 1,
    .k_of_nothing = 1,
    .forms = kForms,
    .run_on_cpu = run_on_cpu,
    .launchers = kLaunchers,
};

}  // namespace gemm_families

}  // namespace aotgemm
