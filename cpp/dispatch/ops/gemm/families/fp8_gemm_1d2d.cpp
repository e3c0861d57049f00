// Family fp8_gemm_1d2d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include <vector>

#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "emulation/ops/fp8_gemm_1d2d.hpp"

namespace aotgemm {

namespace sm90 {
GemmLauncher launch_fp8_gemm_1d2d;
}

namespace {

constexpr GemmForm kGrouped{.layouts = {"nt"}, .outputs = {AOTGEMM_BF16}};

constexpr GemmForm kForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16}, .takes_heads = true},
    in(Grouping::batched, kGrouped),
    in(Grouping::contiguous, kGrouped),
    in(Grouping::psum, kGrouped),
    in(Grouping::masked, kGrouped),
};

constexpr ArchLauncher kLaunchers[] = {{"sm_90a", sm90::launch_fp8_gemm_1d2d}};

void run_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
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

}  // namespace

namespace gemm_families {

extern const GemmFamily fp8_gemm_1d2d{
    .name = "fp8_gemm_1d2d",
    .operands = AOTGEMM_FP8_E4M3,
    .scale_rows_a = 1,
    .scale_rows_b = 128,
    .n_multiple = 8,
    .k_multiple = 16,
    .k_of_nothing = 128,
    .forms = kForms,
    .run_on_cpu = run_on_cpu,
    .launchers = kLaunchers,
};

}  // namespace gemm_families

}  // namespace aotgemm
