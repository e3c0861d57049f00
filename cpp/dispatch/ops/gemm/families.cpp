#include "dispatch/ops/gemm/families.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/ops/gemm/rows.hpp"

namespace aotgemm {
namespace {

constexpr GemmForm in(Grouping grouping, GemmForm form) {
    form.grouping = grouping;
    return form;
}

constexpr GemmForm kFp8Grouped{.layouts = {"nt"}, .outputs = {AOTGEMM_BF16}};

constexpr GemmForm kFp8Gemm1d2dForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16}, .takes_heads = true},
    in(Grouping::batched, kFp8Grouped),
    in(Grouping::contiguous, kFp8Grouped),
    in(Grouping::psum, kFp8Grouped),
    in(Grouping::masked, kFp8Grouped),
};

constexpr GemmForm kFp8Gemm1d1dForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32}, .takes_c = true},
    // The groups' matrices have rows of different lengths, so each needs tensor maps of its own.
    {.grouping = Grouping::k_grouped, .layouts = {"nt"}, .outputs = {AOTGEMM_FP32}, .takes_c = true,
     .ks_multiple = 128, .is_by_group = true},
};

// Grouped rows of A are dealt out to groups, so those kernels read A K-major alone.
constexpr GemmForm kBf16Grouped{.layouts = {"nt", "nn"}, .outputs = {AOTGEMM_BF16}, .major_b = Major::by_strides};

constexpr GemmForm kBf16GemmForms[] = {
    {.grouping = Grouping::dense, .layouts = {"nt", "nn", "tn", "tt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32},
     .major_a = Major::by_strides, .major_b = Major::by_strides, .takes_c = true},
    in(Grouping::batched, kBf16Grouped),
    in(Grouping::contiguous, kBf16Grouped),
    in(Grouping::psum, kBf16Grouped),
    in(Grouping::masked, kBf16Grouped),
    {.grouping = Grouping::k_grouped, .layouts = {"tn"}, .outputs = {AOTGEMM_FP32}, .takes_c = true, .ks_multiple = 64},
    {.grouping = Grouping::batch_reduced, .layouts = {"nt"}, .outputs = {AOTGEMM_BF16, AOTGEMM_FP32}, .takes_c = true},
};

constexpr ArchLauncher kFp8Gemm1d2dLaunchers[] = {{"sm_90a", sm90::launch_fp8_gemm_1d2d}};
constexpr ArchLauncher kFp8Gemm1d1dLaunchers[] = {{"sm_90a", sm90::launch_fp8_gemm_1d1d}};
constexpr ArchLauncher kBf16GemmLaunchers[] = {{"sm_90a", sm90::launch_bf16_gemm}};

constexpr GemmFamily kFamilies[] = {
    {.name = "fp8_gemm_1d2d",
     .operands = AOTGEMM_FP8_E4M3,
     .scale_rows_a = 1,
     .scale_rows_b = 128,
     .n_multiple = 8,
     .k_multiple = 16,
     .k_of_nothing = 128,
     .forms = kFp8Gemm1d2dForms,
     .run_on_cpu = run_fp8_gemm_1d2d_on_cpu,
     .launchers = kFp8Gemm1d2dLaunchers},
    {.name = "fp8_gemm_1d1d",
     .operands = AOTGEMM_FP8_E4M3,
     .scale_rows_a = 1,
     .scale_rows_b = 1,
     .n_multiple = 8,
     .k_multiple = 16,
     .k_of_nothing = 128,
     .forms = kFp8Gemm1d1dForms,
     .run_on_cpu = run_fp8_gemm_1d1d_on_cpu,
     .launchers = kFp8Gemm1d1dLaunchers},
    {.name = "bf16_gemm",
     .operands = AOTGEMM_BF16,
     .scale_rows_a = 0,
     .scale_rows_b = 0,
     .n_multiple = 8,
     .k_multiple = 1,
     .k_of_nothing = 1,
     .forms = kBf16GemmForms,
     .run_on_cpu = run_bf16_gemm_on_cpu,
     .launchers = kBf16GemmLaunchers},
};

template <class Items, class Name>
std::string names_of(const Items& items, Name&& name_of) {
    std::string names;
    for (const auto& item : items) names += text(names.empty() ? "" : " or ", name_of(item));
    return names;
}

}  // namespace

const GemmFamily& find_family(const char* name) {
    for (const GemmFamily& family : kFamilies) {
        if (name != nullptr && std::strcmp(family.name, name) == 0) return family;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "family: is '", name != nullptr ? name : "", "', allowed is ",
         names_of(kFamilies, [](const GemmFamily& family) { return family.name; }));
}

const GemmForm& find_form(const GemmFamily& family, const char* grouping) {
    for (const GemmForm& form : family.forms) {
        if (grouping != nullptr && std::strcmp(grouping_name(form.grouping), grouping) == 0) return form;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "grouping: is '", grouping != nullptr ? grouping : "", "', allowed for ", family.name,
         " is ", names_of(family.forms, [](const GemmForm& form) { return grouping_name(form.grouping); }));
}

const GemmForm& form_of(const GemmFamily& family, Grouping grouping) {
    return *std::find_if(family.forms.begin(), family.forms.end(),
                         [&](const GemmForm& form) { return form.grouping == grouping; });
}

GemmLauncher& launcher_of(const GemmFamily& family, const char* arch) {
    for (const ArchLauncher& of_arch : family.launchers) {
        if (std::strcmp(of_arch.arch, arch) == 0) return *of_arch.launch;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "no launcher of ", family.name, " for ", arch, " is compiled into this library");
}

}  // namespace aotgemm
