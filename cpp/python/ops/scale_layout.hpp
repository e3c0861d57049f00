// Which scales a GPU call cannot read as they are.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

// Whether scales of `rows` rows are sound but need the copy that get_mn_major_tma_aligned_tensor makes.
inline bool needs_mn_major_copy(const aotgemm_tensor& sf, std::int64_t rows) {
    if (sf.device_type != AOTGEMM_CUDA || sf.dtype != AOTGEMM_FP32 || sf.ndim < 2 || sf.ndim > 3) return false;
    const int mn = sf.ndim - 2, k = sf.ndim - 1;
    const std::int64_t groups = mn == 0 ? 1 : sf.shape[0], columns = sf.shape[k];
    if (rows != sf.shape[mn] || groups == 0 || rows == 0 || columns == 0) return false;
    const bool rows_adjacent = rows == 1 || sf.stride[mn] == 1;
    const bool columns_aligned = columns == 1 || (sf.stride[k] % 4 == 0 && sf.stride[k] >= rows);
    const bool groups_aligned = groups == 1 || sf.stride[0] % 4 == 0;
    const bool data_aligned = reinterpret_cast<std::uintptr_t>(sf.data) % 16 == 0;
    return !(rows_adjacent && columns_aligned && groups_aligned && data_aligned);
}

// The same for the scales of each row of an operand.
inline bool needs_mn_major_copy(const aotgemm_tensor& operand, const aotgemm_tensor& sf) {
    return operand.ndim >= 2 && operand.ndim == sf.ndim && needs_mn_major_copy(sf, operand.shape[operand.ndim - 2]);
}

}  // namespace aotgemm::python
