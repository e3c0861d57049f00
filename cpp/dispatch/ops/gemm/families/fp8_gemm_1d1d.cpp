// Family fp8_gemm_1d1d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/cpu_parts.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "emulation/ops/fp8_gemm_1d1d.hpp"

namespace aotgemm {

namespace sm90 {
GemmLauncher launch_fp8_gemm_1d1d;
}

namespace {

constexpr GemmForm kForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32}, .takes_c = true},
    // The groups' matrices have rows of different lengths, so each needs tensor maps of its own.
    {.grouping = Grouping::k_grouped, .layouts = {"nt"}, .outputs = {AOTGEMM_FP32}, .takes_c = true,
     .ks_multiple = 128, .is_by_group = true},
};

constexpr ArchLauncher kLaunchers[] = {{"sm_90a", sm90::launch_fp8_gemm_1d1d}};

void run_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    const auto gemms = gemm_of_each<emulation::Fp8Gemm1d1d>(call, parts, [](const GemmCall& part) {
        return emulation::Fp8Gemm1d1d{.a = matrix_of<const uint8_t>(part.a),
                                      .sfa = matrix_of<const float>(part.sfa),
                                      .b = matrix_of<const uint8_t>(part.b),
                                      .sfb = matrix_of<const float>(part.sfb),
                                      .c = matrix_of<const void>(part.c),
                                      .d = matrix_of<void>(part.d)};
    });
    emulation::fp8_gemm_1d1d(gemms, out_type_of(call.d), threads);
}

}  // namespace

namespace gemm_families {

extern const GemmFamily fp8_gemm_1d1d{
    .name = "fp8_gemm_1d1d",
    .operands = AOTGEMM_FP8_E4M3,
    .scale_rows_a = 1,
    .scale_rows_b = 1,
    .n_multiple = 8,
    .k_multiple = 16,
    .k_of_nothing = 128,
    .forms = kForms,
    .run_on_cpu = run_on_cpu,
    .launchers = kLaunchers,
};

}  // namespace gemm_families

}  // namespace aotgemm
