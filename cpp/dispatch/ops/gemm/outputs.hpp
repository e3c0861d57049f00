// D and C as kernels take them that read and write them by address, beside D's tensor map.
#pragma once

#include "dispatch/ops/gemm/call.hpp"
#include "dispatch/ops/gemm/views.hpp"

namespace aotgemm {

// Sets data, row stride and group stride of D and, where there is one, of C.
template <class Params>
void set_outputs(const GemmCall& call, Params& out) {
    const LegalStrides of_d = legal_strides(call.d);
    out.d_data = call.d.data;
    out.d_row_stride = of_d.outer;
    out.d_group_stride = of_d.group;
    if (!call.has_c()) return;
    const LegalStrides of_c = legal_strides(call.c);
    out.c = call.c.data;
    out.c_row_stride = of_c.outer;
    out.c_group_stride = of_c.group;
}

}  // namespace aotgemm
