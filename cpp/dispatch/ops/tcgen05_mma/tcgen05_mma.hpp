// Single tcgen05.mma instructions on raw bits: on the CPU by the steps of its backend, on a GPU of sm_100a by themselves.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// An operand as the caller has it.
struct MmaArgument {
    const char* name;
    const char* type;
    const aotgemm_tensor& elements;
    const char* scales_name;
    const aotgemm_tensor* scales;  // null: none
};

void tcgen05_mma(const char* kind, const MmaArgument& a, const MmaArgument& b, const aotgemm_tensor& d,
                 const aotgemm_launch& options);

}  // namespace aotgemm
