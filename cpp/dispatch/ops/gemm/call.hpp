// One bundle of operands for the GEMMs of every family and grouping.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/ops/gemm/views.hpp"
#include "kernels/common/grouping.hpp"

namespace aotgemm {

using sm90::Grouping;

struct GemmFamily;  // families.hpp
struct GemmForm;

// groups: of B and of the index, or of K; batches where they are summed. m: rows of A, in each group where A has groups.
struct GemmSizes {
    int64_t groups, m, n, k;
};

// A call whose operands check_operands found sound.
struct GemmCall {
    const aotgemm_gemm_call* given;
    const GemmFamily* family;
    const GemmForm* form;  // the family's in this grouping
    GemmSizes sizes{};
    OperandView a{}, sfa{}, b{}, sfb{}, c{}, d{};
    bool copies_sfa = false, copies_sfb = false;  // a GPU reads MN-major copies of these scales
    int64_t columns_of_sfa = 0, columns_of_sfb = 0;  // of A and B under one element of their scales
    int32_t row_alignment = 0;                    // contiguous, psum: each group starts at a multiple of so many rows

    bool is_on_cpu() const { return given->d->device_type == AOTGEMM_CPU; }
    bool has_c() const { return c.data != nullptr; }
    const int32_t* index() const { return values_of(given->index); }
    // k_grouped: of each group's K that which has scales, all of it unless the call says otherwise.
    const int32_t* scaled_ks() const { return given->scaled_ks != nullptr ? values_of(given->scaled_ks) : index(); }

   private:
    static const int32_t* values_of(const aotgemm_tensor* tensor) {
        return tensor != nullptr ? static_cast<const int32_t*>(tensor->data) : nullptr;
    }
};

}  // namespace aotgemm
