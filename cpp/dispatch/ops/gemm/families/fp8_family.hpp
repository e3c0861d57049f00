// What the families with FP8 operands and a scale for 128 of K have in common.
#pragma once

#include "dispatch/ops/gemm/cpu_parts.hpp"
#include "dispatch/ops/gemm/families.hpp"

namespace aotgemm {

// With a scale for each row of A and of B.
constexpr GemmFamily fp8_family(const char* name, std::span<const GemmForm> forms, CpuBackend* run_on_cpu,
                                std::span<const ArchLauncher> launchers) {
    return {.name = name,
            .operands = AOTGEMM_FP8_E4M3,
            .scale_rows_a = 1,
            .scale_rows_b = 1,
            .n_multiple = 8,
            .k_multiple = 16,
            .k_of_nothing = 128,
            .forms = forms,
            .run_on_cpu = run_on_cpu,
            .launchers = launchers};
}

// A part of a call for the CPU backend, with operands that are FP8 and scales that are FP32.
template <class Gemm>
Gemm fp8_operands_of(const GemmCall& part) {
    Gemm gemm{};
    gemm.a = matrix_of<const uint8_t>(part.a);
    gemm.sfa = matrix_of<const float>(part.sfa);
    gemm.b = matrix_of<const uint8_t>(part.b);
    gemm.sfb = matrix_of<const float>(part.sfb);
    return gemm;
}

}  // namespace aotgemm
