#include "dispatch/ops/gemm/fp8_1d2d.hpp"

#include <type_traits>

#include "dispatch/ops/gemm/sm90/fp8_1d2d_launch.hpp"
#include "dispatch/ops/gemm/fp8_checks.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {
namespace {

struct Sizes {
    int64_t m, n, k, k_blocks;
};

int64_t columns_of_d(const HeadSplits& heads, int64_t n) {
    return heads.mid == 0 ? n : n / (heads.left + heads.right) * (heads.left + heads.mid + heads.right);
}

void check_heads(const HeadSplits& heads, int64_t n) {
    const auto& [left, mid, right] = heads;
    const bool sound = left >= 0 && mid >= 0 && right >= 0 && left % 8 == 0 && mid % 8 == 0 && right % 8 == 0;
    if (!sound || (mid > 0 && left + right == 0)) {
        fail(AOTGEMM_ERROR_SHAPE, "head_splits: are ", left, ", ", mid, ", ", right,
             ", allowed are multiples of 8, of which left or right is not 0");
    }
    if (mid > 0 && n % (left + right) != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", n, ", must be a multiple of left + right of head_splits, ", left + right);
    }
}

Sizes check_shapes(const Fp8Gemm1d2dOperands& in) {
    const Operand a{"a", in.a}, sfa{"sfa", in.sfa}, b{"b", in.b}, sfb{"sfb", in.sfb}, d{"d", in.d};
    check_fp8_dtypes(in.a, in.sfa, in.b, in.sfb);
    check_dtype(d, {AOTGEMM_BF16});
    for (const Operand& operand : {a, sfa, b, sfb, d}) check_rank(operand, 2, 2);
    check_same_device({a, sfa, b, sfb, d});
    const Sizes sizes{in.a.shape[0], in.b.shape[0], in.a.shape[1], ceil_div(in.a.shape[1], 128)};
    check_size(b, 1, sizes.k, "K of a");
    check_size(sfa, 0, sizes.m, "M of a");
    check_size(sfa, 1, sizes.k_blocks, "K/128 of a, rounded up");
    check_size(sfb, 0, ceil_div(sizes.n, 128), "N/128 of b, rounded up");
    check_size(sfb, 1, sizes.k_blocks, "K/128 of b, rounded up");
    check_size(d, 0, sizes.m, "M of a");
    check_heads(in.heads, sizes.n);
    check_size(d, 1, columns_of_d(in.heads, sizes.n),
               in.heads.mid == 0 ? "N of b" : "N of b, and mid more for every left + right of them");
    check_n_and_k(sizes.n, sizes.k);
    check_tma_sizes({sizes.m, sizes.n, sizes.k});
    return sizes;
}

void check_layouts(const Fp8Gemm1d2dOperands& in) {
    check_matrix_layout({"a", in.a}, 1);
    check_matrix_layout({"b", in.b}, 1);
    check_matrix_layout({"d", in.d}, 2);
}

void run_on_cpu(const Fp8Gemm1d2dOperands& in, int threads) {
    const auto matrix = [](const aotgemm_tensor& t, auto* data) {
        return emulation::Matrix<std::remove_pointer_t<decltype(data)>>{data, t.shape[0], t.shape[1], t.stride[0], t.stride[1]};
    };
    const auto& [left, mid, right] = in.heads;
    const emulation::Fp8Gemm1d2d gemm{matrix(in.a, static_cast<const uint8_t*>(in.a.data)),
                                      matrix(in.sfa, static_cast<const float*>(in.sfa.data)),
                                      matrix(in.b, static_cast<const uint8_t*>(in.b.data)),
                                      matrix(in.sfb, static_cast<const float*>(in.sfb.data)),
                                      matrix(in.d, static_cast<uint16_t*>(in.d.data)),
                                      {mid == 0 ? 0 : left + right, left, mid}};
    emulation::fp8_gemm_1d2d({&gemm, 1}, threads);
}

}  // namespace

void fp8_gemm_1d2d(const Fp8Gemm1d2dOperands& operands, const aotgemm_launch& how) {
    const Sizes sizes = check_shapes(operands);
    if (sizes.m == 0 || sizes.n == 0) return;
    const auto& [a, sfa, b, sfb, d, heads] = operands;
    const Fp8Launch call{a, sfa, b, sfb, d, "dense", nullptr, 0, heads};
    if (operands.a.device_type == AOTGEMM_CPU) {
        check_rows_adjacent({"a", operands.a});
        check_rows_adjacent({"b", operands.b});
        check_plan(fp8_1d2d_problem(call), nullptr, -1);
        if (!settings().compile_only) run_on_cpu(operands, how.cpu_threads);
        return;
    }
    check_layouts(operands);
    check_scale_layout({"sfa", operands.sfa});
    launch_fp8_1d2d(call, how);
}

}  // namespace aotgemm
