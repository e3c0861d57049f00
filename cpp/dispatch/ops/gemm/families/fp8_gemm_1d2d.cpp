// Family fp8_gemm_1d2d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/families/fp8_family.hpp"
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
        auto gemm = fp8_operands_of<emulation::Fp8Gemm1d2d>(part);
        gemm.d = matrix_of<uint16_t>(part.d);
        gemm.skipped = skipped_columns_of(call);
        return gemm;
    });
    emulation::fp8_gemm_1d2d(gemms, threads);
}

}  // namespace

namespace gemm_families {

extern constinit const GemmFamily fp8_gemm_1d2d = [] {
    GemmFamily family = fp8_family("fp8_gemm_1d2d", kForms, run_on_cpu, kLaunchers);
    family.scale_rows_b = 128;
    return family;
}();

}  // namespace gemm_families

}  // namespace aotgemm
