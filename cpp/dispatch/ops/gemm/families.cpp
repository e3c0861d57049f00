#include "dispatch/ops/gemm/families.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/ops/gemm/rows.hpp"

namespace aotgemm {
namespace {

template <class Items, class Name>
std::string names_of(const Items& items, Name&& name_of) {
    std::string names;
    for (const auto& item : items) names += text(names.empty() ? "" : " or ", name_of(item));
    return names;
}

}  // namespace

const GemmFamily& find_family(const char* name) {
    const std::span<const GemmFamily* const> families{kGemmFamilies, kGemmFamilyCount};
    for (const GemmFamily* family : families) {
        if (name != nullptr && std::strcmp(family->name, name) == 0) return *family;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "family: is '", name != nullptr ? name : "", "', allowed is ",
         names_of(families, [](const GemmFamily* family) { return family->name; }));
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

bool has_launcher(const GemmFamily& family, const char* arch) {
    return std::ranges::any_of(family.launchers,
                               [&](const ArchLauncher& of_arch) { return std::strcmp(of_arch.arch, arch) == 0; });
}

GemmLauncher& launcher_of(const GemmFamily& family, const char* arch) {
    for (const ArchLauncher& of_arch : family.launchers) {
        if (std::strcmp(of_arch.arch, arch) == 0) return *of_arch.launch;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "no launcher of ", family.name, " for ", arch, " is compiled into this library");
}

}  // namespace aotgemm
