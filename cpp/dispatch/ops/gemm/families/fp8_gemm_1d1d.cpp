// Family fp8_gemm_1d1d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/families/fp8_family.hpp"
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
        auto gemm = fp8_operands_of<emulation::Fp8Gemm1d1d>(part);
        gemm.c = matrix_of<const void>(part.c);
        gemm.d = matrix_of<void>(part.d);
        return gemm;
    });
    emulation::fp8_gemm_1d1d(gemms, out_type_of(call.d), threads);
}

}  // namespace

namespace gemm_families {

extern constinit const GemmFamily fp8_gemm_1d1d = fp8_family("fp8_gemm_1d1d", kForms, run_on_cpu, kLaunchers);

}  // namespace gemm_families

}  // namespace aotgemm
