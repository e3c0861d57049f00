// Copies scales of any strides to the MN-major layout on the CPU. Device twin: cpp/kernels/common/transpose_sf.cuh.
#include "emulation/ops/transpose_sf.hpp"

namespace aotgemm::emulation {

void transpose_sf(Matrix<const float> sf, float* out, std::int64_t leading) {
    for (std::int64_t column = 0; column < sf.cols; ++column) {
        const float* from = sf.data + column * sf.col_stride;
        for (std::int64_t row = 0; row < sf.rows; ++row) out[column * leading + row] = from[row * sf.row_stride];
    }
}

}  // namespace aotgemm::emulation
