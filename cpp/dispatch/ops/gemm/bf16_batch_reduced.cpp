#include "dispatch/ops/gemm/bf16_batch_reduced.hpp"

#include "dispatch/select/batch_ranges.hpp"
#include "dispatch/ops/gemm/bf16_checks.hpp"
#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"
#include "dispatch/ops/convert/ordered_sum.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {
namespace {

void check_operands(const Bf16BatchReducedOperands& in) {
    const Operand a{"a", in.a}, b{"b", in.b}, d{"d", in.d};
    check_bf16_dtypes(in.a, in.b);
    check_dtype(d, {AOTGEMM_BF16, AOTGEMM_FP32});
    for (const Operand& operand : {a, b}) check_rank(operand, 3, 3);
    check_rank(d, 2, 2);
    check_same_device({a, b, d});
    check_size(b, 0, in.a.shape[0], "batches of a");
    check_size(b, 2, in.a.shape[2], "K of a");
    check_size(d, 0, in.a.shape[1], "M of a");
    check_size(d, 1, in.b.shape[1], "N of b");
    if (in.c != nullptr) check_bf16_c(*in.c, in.d);
    check_bf16_sizes(in.a.shape[0], in.a.shape[1], in.b.shape[1], in.a.shape[2]);
}

int64_t ranges_of(const Bf16BatchReducedOperands& in) {
    return batch_ranges(in.a.shape[0], in.d.shape[0], in.d.shape[1]);
}

// D as the partial sums of one range: [1, M, N].
aotgemm_tensor as_parts(const aotgemm_tensor& d) {
    aotgemm_tensor parts = d;
    parts.ndim = 3;
    parts.shape[0] = 1;
    parts.stride[0] = 0;
    for (int i = 0; i < 2; ++i) {
        parts.shape[i + 1] = d.shape[i];
        parts.stride[i + 1] = d.stride[i];
    }
    return parts;
}

void check_workspace(const Bf16BatchReducedOperands& in) {
    const int64_t sizes[] = {ranges_of(in), in.d.shape[0], in.d.shape[1]};
    const std::string wanted = text("float32 [", sizes[0], ", ", sizes[1], ", ", sizes[2], "], contiguous");
    if (in.workspace == nullptr) fail(AOTGEMM_ERROR_SHAPE, "workspace: is none, must be ", wanted);
    const Operand workspace{"workspace", *in.workspace};
    check_dtype(workspace, {AOTGEMM_FP32});
    check_rank(workspace, 3, 3);
    check_same_device({{"d", in.d}, workspace});
    check_size(workspace, 0, sizes[0], "ranges of batches");
    check_size(workspace, 1, sizes[1], "M of a");
    check_size(workspace, 2, sizes[2], "N of b");
    int64_t stride = 1;
    for (int i = 2; i >= 0; stride *= sizes[i--]) {
        if (sizes[i] == 1 || in.workspace->stride[i] == stride) continue;
        fail(AOTGEMM_ERROR_LAYOUT, "workspace: stride of dimension ", i, " is ", in.workspace->stride[i], ", must be ",
             stride, " (", wanted, ")");
    }
    check_alignment(workspace);
}

void run_on_cpu(const Bf16BatchReducedOperands& in, int threads) {
    const auto matrix = [](const aotgemm_tensor& t) {
        const auto* data = static_cast<const uint16_t*>(t.data);
        return emulation::Matrix<const uint16_t>{data, t.shape[1], t.shape[2], t.stride[1], t.stride[2]};
    };
    emulation::Matrix<const void> c{};
    if (in.c != nullptr) c = {in.c->data, in.c->shape[0], in.c->shape[1], in.c->stride[0], in.c->stride[1]};
    const emulation::Matrix<void> d{in.d.data, in.d.shape[0], in.d.shape[1], in.d.stride[0], in.d.stride[1]};
    const int64_t batches = in.a.shape[0];
    emulation::bf16_gemm_batch_reduced(
        {matrix(in.a), matrix(in.b), batches, in.a.stride[0], in.b.stride[0],
         batches > 0 ? batches_of_a_range(batches, d.rows, d.cols) : 1, c, d},
        in.d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16, threads);
}

void run_on_cuda(const Bf16BatchReducedOperands& in, const Bf16Factor& a, const Bf16Factor& b,
                 const aotgemm_launch& how) {
    for (const Operand& operand : {Operand{"a", in.a}, Operand{"b", in.b}}) check_matrix_layout(operand, 2);
    check_bf16_outputs(in.d, in.c);
    if (ranges_of(in) == 1 && in.d.dtype == AOTGEMM_FP32) {  // the part is all there is to add, and C the GEMM adds
        launch_bf16({"batch_reduced", a, b, as_parts(in.d), in.c, nullptr, a.groups, 0}, how);
        return;
    }
    check_workspace(in);
    launch_bf16({"batch_reduced", a, b, *in.workspace, nullptr, nullptr, a.groups, 0}, how);
    ordered_sum(*in.workspace, in.c, in.d, how);
}

}  // namespace

void bf16_gemm_batch_reduced(const Bf16BatchReducedOperands& in, const aotgemm_launch& how) {
    check_operands(in);
    const Bf16Factor a = bf16_factor(in.a, false), b = bf16_factor(in.b, false);
    if (a.rows == 0 || b.rows == 0) return;
    if (in.d.device_type == AOTGEMM_CPU) {
        aotgemm_tensor parts = as_parts(in.d);
        parts.dtype = AOTGEMM_FP32;
        check_plan(bf16_problem({"batch_reduced", a, b, parts, nullptr, nullptr, a.groups, 0}), nullptr, -1);
        if (!settings().compile_only) run_on_cpu(in, how.cpu_threads);
        return;
    }
    run_on_cuda(in, a, b, how);
}

}  // namespace aotgemm
