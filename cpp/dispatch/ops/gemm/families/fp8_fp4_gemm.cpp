// Family fp8_fp4_gemm to the host: forms of a call, scales, multiples, CPU backend, launchers.
#include "dispatch/ops/gemm/families/fp8_family.hpp"
#include "emulation/ops/fp8_fp4_gemm.hpp"

namespace aotgemm {

namespace sm100 {
GemmLauncher launch_fp8_fp4_gemm;
}

namespace {

// Grouped rows of A are dealt out to groups, so those kernels read A K-major alone.
constexpr GemmForm kGrouped{.layouts = {"nt", "nn"}, .outputs = {AOTGEMM_BF16}, .major_b = Major::by_strides};

constexpr GemmForm kForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt", "nn", "tn", "tt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32},
     .major_a = Major::by_strides, .major_b = Major::by_strides, .takes_c = true, .takes_heads = true},
    {.grouping = Grouping::batched, .layouts = {"nt", "nn", "tn", "tt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32},
     .major_a = Major::by_strides, .major_b = Major::by_strides, .takes_c = true},
    in(Grouping::contiguous, kGrouped),
    in(Grouping::psum, kGrouped),
    {.grouping = Grouping::masked, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16}},
    {.grouping = Grouping::k_grouped, .layouts = {"tn"}, .outputs = {AOTGEMM_FP32}, .takes_c = true, .ks_multiple = 32},
};

constexpr ArchLauncher kLaunchers[] = {{"sm_100a", sm100::launch_fp8_fp4_gemm}};

emulation::Fp8Fp4Operand operand_of(const OperandView& codes, const OperandView& scales, int32_t gran_k) {
    return {.type = codes.is_fp4() ? emulation::MmaType::e2m1 : emulation::MmaType::e4m3,
            .packs_rows = codes.packs_rows(),
            .codes = matrix_of<const uint8_t>(codes),
            .scales = matrix_of<const uint32_t>(scales),
            .gran_k = gran_k};
}

void run_on_cpu(const GemmCall& call, std::span<const GemmPart> parts, int threads) {
    const auto gemms = gemm_of_each<emulation::Fp8Fp4Gemm>(call, parts, [&](const GemmCall& part) {
        return emulation::Fp8Fp4Gemm{.a = operand_of(part.a, part.sfa, call.given->gran_k_a),
                                     .b = operand_of(part.b, part.sfb, call.given->gran_k_b),
                                     .c = matrix_of<const void>(part.c),
                                     .d = matrix_of<void>(part.d),
                                     .skipped = skipped_columns_of(call)};
    });
    emulation::fp8_fp4_gemm(gemms, out_type_of(call.d), threads);
}

}  // namespace

namespace gemm_families {

extern constinit const GemmFamily fp8_fp4_gemm = [] {
    GemmFamily family = fp8_family("fp8_fp4_gemm", kForms, run_on_cpu, kLaunchers);
    family.takes_fp4 = true;
    family.scales = AOTGEMM_INT32;
    return family;
}();

}  // namespace gemm_families

}  // namespace aotgemm
