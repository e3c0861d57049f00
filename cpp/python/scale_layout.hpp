// Which scales a GPU call cannot read as they are.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

// Whether the scales of A (or of B, one a row) are sound but need the copy that get_mn_major_tma_aligned_tensor makes.
inline bool needs_mn_major_copy(const aotgemm_tensor& a, const aotgemm_tensor& sfa) {
    if (sfa.device_type != AOTGEMM_CUDA || sfa.dtype != AOTGEMM_FP32 || sfa.ndim != a.ndim || a.ndim < 2) return false;
    const int mn = sfa.ndim - 2, k = sfa.ndim - 1;
    const std::int64_t groups = mn == 0 ? 1 : sfa.shape[0], rows = sfa.shape[mn], columns = sfa.shape[k];
    if (rows != a.shape[mn] || groups == 0 || rows == 0 || columns == 0) return false;
    const bool rows_adjacent = rows == 1 || sfa.stride[mn] == 1;
    const bool columns_aligned = columns == 1 || (sfa.stride[k] % 4 == 0 && sfa.stride[k] >= rows);
    const bool groups_aligned = groups == 1 || sfa.stride[0] % 4 == 0;
    const bool data_aligned = reinterpret_cast<std::uintptr_t>(sfa.data) % 16 == 0;
    return !(rows_adjacent && columns_aligned && groups_aligned && data_aligned);
}

}  // namespace aotgemm::python
