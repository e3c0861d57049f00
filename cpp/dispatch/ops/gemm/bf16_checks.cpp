#include "dispatch/ops/gemm/bf16_checks.hpp"

#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {
namespace {

emulation::Matrix<const uint16_t> rows_of(const Bf16Factor& f, int64_t group, int64_t first, int64_t count) {
    const auto* data = static_cast<const uint16_t*>(f.data) + (f.groups > 0 ? group * f.group_stride : 0);
    return {data + first * f.row_stride, count, f.k, f.row_stride, f.k_stride};
}

emulation::Matrix<void> rows_of(const aotgemm_tensor& t, int64_t group, int64_t first, int64_t count) {
    const int row = t.ndim - 2;
    const int64_t offset = (row == 1 ? group * t.stride[0] : 0) + first * t.stride[row];
    return {static_cast<char*>(t.data) + offset * bf16_out_bytes(t), count, t.shape[row + 1], t.stride[row], t.stride[row + 1]};
}

}  // namespace

void check_bf16_dtypes(const aotgemm_tensor& a, const aotgemm_tensor& b) {
    check_dtype({"a", a}, {AOTGEMM_BF16});
    check_dtype({"b", b}, {AOTGEMM_BF16});
}

void check_bf16_c(const aotgemm_tensor& c, const aotgemm_tensor& d) {
    const Operand operand{"c", c};
    check_dtype(operand, {static_cast<aotgemm_dtype>(d.dtype)});
    check_rank(operand, d.ndim, d.ndim);
    check_same_device({{"d", d}, operand});
    for (int i = 0; i < d.ndim; ++i) check_size(operand, i, d.shape[i], "as d");
}

void check_bf16_sizes(int64_t groups, int64_t m, int64_t n, int64_t k) {
    if (n % 8 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", n, ", must be a multiple of 8; the nearest is ", align_up(n, 8));
    }
    constexpr int64_t kMost = INT32_MAX - 512;  // coordinates of the TMA are 32-bit
    for (const int64_t size : {groups, m, n, k}) {
        if (size > kMost) fail(AOTGEMM_ERROR_SHAPE, "a, b: a size is ", size, ", allowed is at most ", kMost);
    }
}

void check_bf16_outputs(const aotgemm_tensor& d, const aotgemm_tensor* c) {
    check_matrix_layout({"d", d}, bf16_out_bytes(d));
    if (c != nullptr) check_matrix_layout({"c", *c}, bf16_out_bytes(d));
}

void run_bf16_on_cpu(const Bf16Part& part, int threads) {
    emulation::Matrix<const void> c{};
    if (part.c != nullptr) {
        const auto rows = rows_of(*part.c, part.group, part.first, part.count);
        c = {rows.data, rows.rows, rows.cols, rows.row_stride, rows.col_stride};
    }
    emulation::bf16_gemm(rows_of(part.a, part.group, part.first, part.count), rows_of(part.b, part.group, 0, part.b.rows), c,
                         rows_of(part.d, part.group, part.first, part.count),
                         part.d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16, threads);
}

}  // namespace aotgemm
