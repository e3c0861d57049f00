#include "dispatch/ops/gemm/bf16_factor.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kElementBytes = 2;
constexpr int64_t kStrideMultiple = 16 / kElementBytes;

// As `outer` lines of `inner` adjacent elements. A stride along a single element says nothing.
bool is_addressable(int64_t outer, int64_t outer_stride, int64_t inner, int64_t inner_stride) {
    return (inner <= 1 || inner_stride == 1) &&
           (outer <= 1 || (outer_stride >= inner && outer_stride % kStrideMultiple == 0));
}

bool can_be_k_major(const Bf16Factor& f) { return is_addressable(f.rows, f.row_stride, f.k, f.k_stride); }
bool can_be_mn_major(const Bf16Factor& f) { return is_addressable(f.k, f.k_stride, f.rows, f.row_stride); }

bool is_aligned(const Bf16Factor& f) {
    return reinterpret_cast<uintptr_t>(f.data) % 16 == 0 && (f.groups <= 1 || f.group_stride % kStrideMultiple == 0);
}

}  // namespace

Bf16Factor bf16_factor(const aotgemm_tensor& t, bool transposed) {
    const int row = t.ndim - 2 + (transposed ? 1 : 0), k = t.ndim - 2 + (transposed ? 0 : 1);
    Bf16Factor out{t.data, t.shape[row], t.shape[k], t.stride[row], t.stride[k], 0, 0, transposed};
    if (t.ndim == 3) {
        out.groups = t.shape[0];
        out.group_stride = t.stride[0];
    }
    return out;
}

void find_major(const Operand& operand, bool transposed, Bf16Factor& factor) {
    const bool as_given = transposed ? can_be_mn_major(factor) : can_be_k_major(factor);
    const bool the_other_way = transposed ? can_be_k_major(factor) : can_be_mn_major(factor);
    if (!as_given && the_other_way && is_aligned(factor)) {
        factor.is_mn_major = !transposed;
    } else {
        check_matrix_layout(operand, kElementBytes);
    }
}

const char* layout_of(const Bf16Factor& a, const Bf16Factor& b) {
    if (a.is_mn_major) return b.is_mn_major ? "tn" : "tt";
    return b.is_mn_major ? "nn" : "nt";
}

}  // namespace aotgemm
