// Family fp8_fp4_gemm_1d1d to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/families/fp8_family.hpp"
#include "emulation/ops/fp8_fp4_gemm_1d1d.hpp"
#include "kernels/common/fp4_words.hpp"

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

constexpr PrepackedForm kWords{.elements = AOTGEMM_INT32,
                               .scales = AOTGEMM_INT32,
                               .columns_of_element = kFp4CodesOfWord,
                               .block_columns = kFp4BlockK,
                               .row_length = "16 words for each 128 of K of a, rounded up"};

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

extern constinit const GemmFamily fp8_fp4_gemm_1d1d = [] {
    GemmFamily family = fp8_family("fp8_fp4_gemm_1d1d", kForms, run_on_cpu, kLaunchers);
    family.prepacked_b = &kWords;
    return family;
}();

}  // namespace gemm_families

}  // namespace aotgemm
