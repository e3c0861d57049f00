// Family fp8_gemm_1d2d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/cpu_parts.hpp"
#include "dispatch/ops/gemm/families.hpp"
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
    const auto gemms = gemm_of_each<emulation::Fp8Gemm1d2d>(call, parts, [&](const GemmCall& part) {
        return emulation::Fp8Gemm1d2d{.a = matrix_of<const uint8_t>(part.a),
                                      .sfa = matrix_of<const float>(part.sfa),
                                      .b = matrix_of<const uint8_t>(part.b),
                                      .sfb = matrix_of<const float>(part.sfb),
                                      .d = matrix_of<uint16_t>(part.d),
                                      .skipped = skipped_columns_of(call)};
    });
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
