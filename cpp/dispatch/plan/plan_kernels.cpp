// Whether the library still holds, byte for byte, the kernels that a plan names.
#include <cstring>

#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/plan/plan_table.hpp"
#include "dispatch/base/sha256.hpp"

namespace aotgemm {
namespace {

const aotgemm_cubin* find(const aotgemm_plan_kernel& kernel) {
    for (int i = 0; i < kCubinCount; ++i) {
        if (std::strcmp(kCubins[i].name, kernel.name) == 0 && std::strcmp(kCubins[i].arch, kernel.arch) == 0) {
            return &kCubins[i];
        }
    }
    return nullptr;
}

std::string problem_of(const aotgemm_plan_kernel& kernel) {
    const aotgemm_cubin* cubin = find(kernel);
    if (cubin == nullptr) return text("kernel ", kernel.name, " (", kernel.arch, ") is not in this library");
    const std::string sha256 = sha256_hex(cubin->data, cubin->size);
    if (sha256 == kernel.sha256) return "";
    return text("kernel ", kernel.name, " (", kernel.arch, ") has sha256 ", sha256, ", the plan has ", kernel.sha256);
}

}  // namespace

std::string plan_kernel_problems(const aotgemm_plan& plan) {
    constexpr int32_t kShown = 3;
    std::string sentence;
    int32_t count = 0;
    for (int32_t i = 0; i < plan.kernel_count; ++i) {
        const std::string problem = problem_of(plan.kernels[i]);
        if (problem.empty()) continue;
        if (count++ < kShown) sentence += (sentence.empty() ? "" : "; ") + problem;
    }
    if (count > kShown) sentence += text("; and ", count - kShown, " more");
    return sentence;
}

}  // namespace aotgemm
