// Family fp8_fp4_gemm_1d1d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/cpu_parts.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "emulation/ops/fp8_fp4_gemm_1d1d.hpp"

namespace aotgemm {

namespace sm90 {
GemmLauncher launch_fp8_fp4_gemm_1d1d;
}

namespace {

constexpr GemmForm kGrouped{.layouts = {"nt"}, .outputs = {AOTGEMM_BF16}};

constexpr GemmForm kForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16}, .takes_c = true},
    in(Grouping::contiguous, kGrouped),
    in(Grouping::psum, kGrouped),
    in(Grouping::masked, kGrouped),
};

constexpr ArchLauncher kLaunchers[] = {{"sm_90a", sm90::launch_fp8_fp4_gemm_1d1d}};

void run_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    const auto gemms = gemm_of_each<emulation::Fp8Fp4Gemm1d1d>(call, parts, [](const GemmCall& part) {
        return emulation::Fp8Fp4Gemm1d1d{.a = matrix_of<const uint8_t>(part.a),
                                         .sfa = matrix_of<const float>(part.sfa),
                                         .words = matrix_of<const uint32_t>(part.b),
                                         .scales = matrix_of<const uint32_t>(part.sfb),
                                         .c = matrix_of<const void>(part.c),
                                         .d = matrix_of<void>(part.d)};
    });
    emulation::fp8_fp4_gemm_1d1d(gemms, threads);
}

}  // namespace

namespace gemm_families {

extern const GemmFamily fp8_fp4_gemm_1d1d{
    .name = "fp8_fp4_gemm_1d1d",
    .operands = AOTGEMM_FP8_E4M3,
    .b_in_words = true,
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
