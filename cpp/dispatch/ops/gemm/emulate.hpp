// Tensor-core chains by themselves, for checking the CPU backend against hardware.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

void emulate_wgmma(const aotgemm_tensor& a, const aotgemm_tensor& b, const aotgemm_tensor& d, const aotgemm_launch& options);

// An operand of emulate_tcgen05 as the caller has it.
struct MmaArgument {
    const char* name;
    const char* type;
    const aotgemm_tensor& elements;
    const char* scales_name;
    const aotgemm_tensor* scales;  // null: none
};

void emulate_tcgen05(const char* kind, const MmaArgument& a, const MmaArgument& b, const aotgemm_tensor& d);

}  // namespace aotgemm
