// Arguments that kernels of several families take in members of the same names.
#pragma once

#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/ops/gemm/views.hpp"

namespace aotgemm {

// Sets m, n, and in which order tiles are computed.
template <class Params>
void set_sizes(const GemmLaunch& gemm, Params& out) {
    out.m = static_cast<int32_t>(gemm.call.sizes.m);
    out.n = static_cast<int32_t>(gemm.call.sizes.n);
    out.group_m = gemm.choice.group_m;
    out.b_evict_first = evicts_b_first(gemm) ? 1 : 0;
}

// Sets the groups, and which rows are theirs.
template <class Params>
void set_groups(const GemmCall& call, Params& out) {
    out.index = call.index();
    out.groups = static_cast<int32_t>(call.sizes.groups);
    out.group_alignment = call.row_alignment;
}

// Sets data, row stride and group stride of D and, where there is one, of C, for kernels that read and write them by
// address, beside D's tensor map.
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
