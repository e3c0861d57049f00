#include "dispatch/ops/gemm/fp8_1d1d.hpp"

#include <vector>

#include "dispatch/select/choice.hpp"
#include "dispatch/ops/gemm/sm90/fp8_1d1d_launch.hpp"
#include "dispatch/ops/gemm/fp8_checks.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {
namespace {

constexpr int64_t kBlockK = 128;

int32_t bytes_of(const aotgemm_tensor& d) { return d.dtype == AOTGEMM_FP32 ? 4 : 2; }

void check_accumulator(const Fp8Gemm1d1dOperands& in) {
    if (in.c == nullptr) return;
    const Operand c{"c", *in.c};
    check_dtype(c, {static_cast<aotgemm_dtype>(in.d.dtype)});
    check_rank(c, in.d.ndim, in.d.ndim);
    for (int i = 0; i < in.d.ndim; ++i) check_size(c, i, in.d.shape[i], "as in d");
    check_same_device({{"a", in.a}, c});
}

void check_scales(const Fp8Gemm1d1dOperands& in, int64_t m, int64_t n, int64_t k_blocks) {
    const Operand sfa{"sfa", in.sfa}, sfb{"sfb", in.sfb};
    check_size(sfa, 0, m, "M of a");
    check_size(sfa, 1, k_blocks, "K/128 of a, rounded up");
    check_size(sfb, 0, n, "N of b");
    check_size(sfb, 1, k_blocks, "K/128 of b, rounded up");
}

void check_dense(const Fp8Gemm1d1dOperands& in) {
    const Operand a{"a", in.a}, sfa{"sfa", in.sfa}, b{"b", in.b}, sfb{"sfb", in.sfb}, d{"d", in.d};
    check_fp8_dtypes(in.a, in.sfa, in.b, in.sfb);
    check_dtype(d, {AOTGEMM_BF16, AOTGEMM_FP32});
    for (const Operand& operand : {a, sfa, b, sfb, d}) check_rank(operand, 2, 2);
    check_same_device({a, sfa, b, sfb, d});
    check_size(b, 1, in.a.shape[1], "K of a");
    check_scales(in, in.a.shape[0], in.b.shape[0], ceil_div(in.a.shape[1], kBlockK));
    check_size(d, 0, in.a.shape[0], "M of a");
    check_size(d, 1, in.b.shape[0], "N of b");
    check_accumulator(in);
    check_n_and_k(in.b.shape[0], in.a.shape[1]);
    check_tma_sizes({in.a.shape[0], in.b.shape[0], in.a.shape[1]});
    check_rows_adjacent(a);
    check_rows_adjacent(b);
}

int64_t sum_of(std::span<const int64_t> ks) {
    int64_t sum = 0;
    for (const int64_t k : ks) {
        if (k < 0 || k % kBlockK != 0) {
            fail(AOTGEMM_ERROR_SHAPE, "ks: a group has K of ", k, ", must be a multiple of 128 from 0 on");
        }
        sum += k;
    }
    return sum;
}

void check_ks_tensor(const Operand& ks_tensor, std::span<const int64_t> ks) {
    check_dtype(ks_tensor, {AOTGEMM_INT32});
    check_rank(ks_tensor, 1, 1);
    check_size(ks_tensor, 0, static_cast<int64_t>(ks.size()), "groups in ks");
    if (ks_tensor.tensor.device_type != AOTGEMM_CPU) return;
    for (std::size_t group = 0; group < ks.size(); ++group) {
        const int32_t k = static_cast<const int32_t*>(ks_tensor.tensor.data)[group * ks_tensor.tensor.stride[0]];
        if (k != ks[group]) {
            fail(AOTGEMM_ERROR_SHAPE, ks_tensor.name, ": is ", k, " for group ", group, ", must be ", ks[group], " as in ks");
        }
    }
}

// A vector of as many elements as all groups have.
void check_flat(const Operand& operand, int64_t rows, int64_t sum_k) {
    check_rank(operand, 1, 1);
    check_size(operand, 0, rows * sum_k, "rows of d times the sum of ks");
    check_rows_adjacent(operand);
}

void check_k_grouped(const Fp8Gemm1d1dOperands& in, std::span<const int64_t> ks, const Operand& ks_tensor) {
    const Operand a{"a", in.a}, sfa{"sfa", in.sfa}, b{"b", in.b}, sfb{"sfb", in.sfb}, d{"d", in.d};
    check_fp8_dtypes(in.a, in.sfa, in.b, in.sfb);
    check_dtype(d, {AOTGEMM_FP32});
    check_rank(d, 3, 3);
    for (const Operand& operand : {sfa, sfb}) check_rank(operand, 2, 2);
    check_same_device({a, sfa, b, sfb, d, ks_tensor});
    check_size(d, 0, static_cast<int64_t>(ks.size()), "groups in ks");
    const int64_t m = in.d.shape[1], n = in.d.shape[2], sum_k = sum_of(ks);
    check_flat(a, m, sum_k);
    check_flat(b, n, sum_k);
    check_scales(in, m, n, sum_k / kBlockK);
    check_accumulator(in);
    check_n_and_k(n, sum_k);
    check_tma_sizes({m, n, sum_k, static_cast<int64_t>(ks.size())});
    check_ks_tensor(ks_tensor, ks);
}

// What the TMA stores, and what it loads to be added.
void check_output_layouts(const Fp8Gemm1d1dOperands& in) {
    check_matrix_layout({"d", in.d}, bytes_of(in.d));
    if (in.c != nullptr) check_matrix_layout({"c", *in.c}, bytes_of(in.d));
}

aotgemm_tensor matrix_view(const aotgemm_tensor& like, const void* data, int64_t rows, int64_t columns, int64_t row_stride,
                           int64_t column_stride) {
    aotgemm_tensor view = like;
    view.data = const_cast<void*>(data);
    view.ndim = 2;
    view.shape[0] = rows;
    view.shape[1] = columns;
    view.stride[0] = row_stride;
    view.stride[1] = column_stride;
    return view;
}

// Matrix `group` of a batch in FP32.
aotgemm_tensor matrix_view(const aotgemm_tensor& batch, int64_t group) {
    const float* data = static_cast<const float*>(batch.data) + group * batch.stride[0];
    return matrix_view(batch, data, batch.shape[1], batch.shape[2], batch.stride[1], batch.stride[2]);
}

// A launch for each group: their matrices have rows of different lengths, so each needs tensor maps of its own. A group's
// tiles begin where SMs are left over by the group before.
void launch_by_k(const Fp8Gemm1d1dOperands& in, std::span<const int64_t> ks, const aotgemm_launch& how) {
    const int64_t m = in.d.shape[1], n = in.d.shape[2];
    int64_t before = 0;  // K of the groups so far
    for (std::size_t i = 0; i < ks.size(); before += ks[i++]) {
        const int64_t k = ks[i], blocks = before / kBlockK;
        const auto operand = [&](const aotgemm_tensor& t, int64_t rows) {
            return matrix_view(t, static_cast<const uint8_t*>(t.data) + rows * before, rows, k, k, 1);
        };
        const auto scales = [&](const aotgemm_tensor& t) {
            return matrix_view(t, static_cast<const float*>(t.data) + blocks * t.stride[1], t.shape[0], k / kBlockK,
                               t.stride[0], t.stride[1]);
        };
        const auto group = static_cast<int64_t>(i);
        const aotgemm_tensor a = operand(in.a, m), b = operand(in.b, n), sfa = scales(in.sfa), sfb = scales(in.sfb);
        const aotgemm_tensor d = matrix_view(in.d, group), c = in.c != nullptr ? matrix_view(*in.c, group) : d;
        launch_fp8_1d1d({a, sfa, b, sfb, in.c != nullptr ? &c : nullptr, d}, how, {i > 0, i + 1 < ks.size()});
    }
}

template <class T>
emulation::Matrix<T> matrix_of(const aotgemm_tensor& t) {
    return {static_cast<T*>(t.data), t.shape[0], t.shape[1], t.stride[0], t.stride[1]};
}

emulation::OutType type_of(const aotgemm_tensor& d) {
    return d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16;
}

// Matrix `group` of a batch of FP32 matrices.
template <class T, class Element>
emulation::Matrix<T> group_of(const aotgemm_tensor& t, int64_t group) {
    return {static_cast<Element*>(t.data) + group * t.stride[0], t.shape[1], t.shape[2], t.stride[1], t.stride[2]};
}

std::vector<emulation::Fp8Gemm1d1d> split_by_k(const Fp8Gemm1d1dOperands& in, std::span<const int64_t> ks) {
    const int64_t m = in.d.shape[1], n = in.d.shape[2];
    std::vector<emulation::Fp8Gemm1d1d> gemms;
    int64_t before = 0;  // K of the groups so far
    for (std::size_t i = 0; i < ks.size(); before += ks[i++]) {
        const auto group = static_cast<int64_t>(i), k = ks[i], blocks = before / kBlockK;
        const auto operand = [&](const aotgemm_tensor& t, int64_t rows) {
            return emulation::Matrix<const uint8_t>{static_cast<const uint8_t*>(t.data) + rows * before, rows, k, k, 1};
        };
        const auto scales = [&](const aotgemm_tensor& t) {
            return emulation::Matrix<const float>{static_cast<const float*>(t.data) + blocks * t.stride[1], t.shape[0],
                                                  k / kBlockK, t.stride[0], t.stride[1]};
        };
        gemms.push_back({operand(in.a, m), scales(in.sfa), operand(in.b, n), scales(in.sfb),
                         in.c != nullptr ? group_of<const void, const float>(*in.c, group) : emulation::Matrix<const void>{},
                         group_of<void, float>(in.d, group)});
    }
    return gemms;
}

// The groups of a call run one after another, so that all of them are held against the plan before the first.
void check_plan_by_k(const Fp8Gemm1d1dOperands& in, std::span<const int64_t> ks, int32_t forced) {
    const bool on_cpu = in.a.device_type == AOTGEMM_CPU;
    for (const int64_t k : ks) {
        aotgemm_problem problem = fp8_1d1d_problem(in);
        problem.m = in.d.shape[1];
        problem.n = in.d.shape[2];
        problem.k = k > 0 ? k : kBlockK;
        if (on_cpu) {
            check_plan(problem, nullptr, -1);
        } else {
            choose_kernel(problem, cuda_device(in.a.device_id), forced);
        }
    }
}

}  // namespace

void fp8_gemm_1d1d(const Fp8Gemm1d1dOperands& in, const aotgemm_launch& how) {
    check_dense(in);
    if (in.d.shape[0] == 0 || in.d.shape[1] == 0) return;
    check_no_overlap({"d", in.d});
    if (in.a.device_type != AOTGEMM_CPU) {
        for (const Operand& operand : {Operand{"a", in.a}, {"b", in.b}}) check_matrix_layout(operand, 1);
        for (const Operand& operand : {Operand{"sfa", in.sfa}, {"sfb", in.sfb}}) check_scale_layout(operand);
        check_output_layouts(in);
        launch_fp8_1d1d(in, how);
        return;
    }
    check_plan(fp8_1d1d_problem(in), nullptr, -1);
    const emulation::Fp8Gemm1d1d gemm{matrix_of<const uint8_t>(in.a), matrix_of<const float>(in.sfa),
                                      matrix_of<const uint8_t>(in.b), matrix_of<const float>(in.sfb),
                                      in.c != nullptr ? matrix_of<const void>(*in.c) : emulation::Matrix<const void>{},
                                      matrix_of<void>(in.d)};
    if (!settings().compile_only) emulation::fp8_gemm_1d1d({&gemm, 1}, type_of(in.d), how.cpu_threads);
}

void fp8_gemm_k_grouped(const Fp8Gemm1d1dOperands& in, std::span<const int64_t> ks, const aotgemm_tensor& ks_tensor,
                        const aotgemm_launch& how) {
    check_k_grouped(in, ks, {"ks_tensor", ks_tensor});
    if (ks.empty() || in.d.shape[1] == 0 || in.d.shape[2] == 0) return;
    check_no_overlap({"d", in.d});
    if (plan_in_force.load(std::memory_order_acquire) != nullptr) check_plan_by_k(in, ks, how.kernel);
    if (in.a.device_type != AOTGEMM_CPU) {
        for (const Operand& operand : {Operand{"a", in.a}, {"b", in.b}}) check_alignment(operand);
        for (const Operand& operand : {Operand{"sfa", in.sfa}, {"sfb", in.sfb}}) check_scale_layout(operand);
        check_output_layouts(in);
        launch_by_k(in, ks, how);
        return;
    }
    if (!settings().compile_only) emulation::fp8_gemm_1d1d(split_by_k(in, ks), type_of(in.d), how.cpu_threads);
}

}  // namespace aotgemm
