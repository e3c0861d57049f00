#include "dispatch/ops/hc_prenorm/hc_prenorm.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "dispatch/base/checked.hpp"
#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/hc_prenorm/launch.hpp"
#include "dispatch/plan/plan.hpp"
#include "emulation/ops/tf32_hc_prenorm_gemm.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm {
namespace {

struct Operands {
    Operand a, b, d, sqr_sum;
    int64_t num_splits;

    int64_t m() const { return a.tensor.shape[0]; }
    int64_t k() const { return a.tensor.shape[1]; }
    int64_t n() const { return b.tensor.shape[0]; }
    int split_dimensions() const { return num_splits > 0 ? 1 : 0; }
};

void check_sizes(const Operands& call) {
    if (call.num_splits < 0) fail(AOTGEMM_ERROR_SHAPE, "num_splits: is ", call.num_splits, ", allowed is None or a positive number");
    const int splits = call.split_dimensions();
    check_rank(call.a, 2, 2);
    check_rank(call.b, 2, 2);
    check_rank(call.d, 2 + splits, 2 + splits);
    check_rank(call.sqr_sum, 1 + splits, 1 + splits);
    for (const Operand& operand : {call.a, call.b, call.d, call.sqr_sum}) check_extents(operand);
    if (call.n() < sm90::kPrenormColumnStep || call.n() > sm90::kPrenormMostColumns || call.n() % sm90::kPrenormColumnStep != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", call.n(), ", allowed are 8, 16, 24 and 32");
    }
    if (call.k() % emulation::kHcPrenormBlockK != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "a: K is ", call.k(), ", must be a multiple of ", emulation::kHcPrenormBlockK, "; the nearest is ",
             align_up(call.k(), emulation::kHcPrenormBlockK));
    }
    check_size(call.b, 1, call.k(), "K of a");
    if (splits > 0) {
        check_size(call.d, 0, call.num_splits, "num_splits");
        check_size(call.sqr_sum, 0, call.num_splits, "num_splits");
    }
    check_size(call.d, splits, call.m(), "M of a");
    check_size(call.d, splits + 1, call.n(), "N of b");
    check_size(call.sqr_sum, splits, call.m(), "M of a");
}

void check_contiguous(const Operand& operand) {
    int64_t stride = 1;
    const aotgemm_tensor& tensor = operand.tensor;
    for (int i = tensor.ndim - 1; i >= 0; --i) {
        if (tensor.shape[i] > 1 && tensor.stride[i] != stride) {
            fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", tensor.stride[i], ", must be ",
                 stride, " (contiguous)");
        }
        stride = checked_product({stride, tensor.shape[i]}).value_or(std::numeric_limits<int64_t>::max());
    }
}

void check_layouts(const Operands& call) {
    check_matrix_layout(call.a, 2);
    check_matrix_layout(call.b, 4);
    if (is_empty(call.d.tensor)) return;
    check_rows_adjacent(call.d);
    check_contiguous(call.sqr_sum);
    check_call_memory({call.d, call.sqr_sum}, {call.a, call.b});
}

void check(const Operands& call) {
    check_dtype(call.a, {AOTGEMM_BF16});
    for (const Operand& operand : {call.b, call.d, call.sqr_sum}) check_dtype(operand, {AOTGEMM_FP32});
    check_sizes(call);
    check_same_device({call.a, call.b, call.d, call.sqr_sum});
    check_layouts(call);
}

void run_on_cpu(const HcPrenormCall& call, int threads) {
    const aotgemm_tensor &a = call.a, &b = call.b;
    emulation::tf32_hc_prenorm_gemm({.a = {static_cast<const uint16_t*>(a.data), call.m, call.k, a.stride[0], 1},
                                     .b = {static_cast<const float*>(b.data), call.n, call.k, b.stride[0], 1},
                                     .d = {static_cast<float*>(call.d.data), call.m, call.n, call.d_row_stride, 1},
                                     .d_split_stride = call.d_split_stride,
                                     .sqr_sum = static_cast<float*>(call.sqr_sum.data),
                                     .splits = call.splits},
                                    threads);
}

// As a plan has such calls: kernels differ in N alone, so that the sizes say which one runs. A plan knows K = 0 as one
// block.
void hold_against_plan(const HcPrenormCall& call, const aotgemm_device* device) {
    const aotgemm_problem problem{.family = "tf32_hc_prenorm_gemm",
                                  .grouping = "dense",
                                  .layout = "nt",
                                  .out_dtype = "fp32",
                                  .groups = 1,
                                  .m = call.m,
                                  .n = call.n,
                                  .k = std::max(call.k, emulation::kHcPrenormBlockK),
                                  .num_sms = settings().num_sms.load(std::memory_order_relaxed)};
    check_plan(problem, device, -1);
}

using Launcher = void (*)(const HcPrenormCall&, const CudaDevice&, void*);

Launcher launcher_for(const CudaDevice& device) {
    const aotgemm_device& of = device.description;
    if (std::strcmp(arch_of(of), "sm_90a") == 0) return &sm90::launch_tf32_hc_prenorm_gemm;
    if (std::strcmp(arch_of(of), "sm_100a") == 0) return &sm100::launch_tf32_hc_prenorm_gemm;
    fail(AOTGEMM_ERROR_DEVICE, "no tf32_hc_prenorm_gemm kernel for compute capability ", of.cc_major, ".", of.cc_minor,
         " (", of.name, ") is compiled into this library, which holds kernels for 9.0 and 10.0");
}

}  // namespace

void tf32_hc_prenorm_gemm(const aotgemm_tensor& a, const aotgemm_tensor& b, const aotgemm_tensor& d,
                          const aotgemm_tensor& sqr_sum, int64_t num_splits, const aotgemm_launch& options) {
    const Operands operands{{"a", a}, {"b", b}, {"d", d}, {"sqr_sum", sqr_sum}, num_splits};
    check(operands);
    if (operands.m() == 0) return;
    const int row = operands.split_dimensions();
    const HcPrenormCall call{.a = a, .b = b, .d = d, .sqr_sum = sqr_sum, .m = operands.m(), .n = operands.n(),
                             .k = operands.k(), .splits = num_splits > 0 ? num_splits : 1,
                             .d_row_stride = d.stride[row], .d_split_stride = row > 0 ? d.stride[0] : 0};
    check_hc_prenorm_limits(call);
    if (a.device_type == AOTGEMM_CPU) {
        hold_against_plan(call, nullptr);
        if (!settings().compile_only) run_on_cpu(call, options.cpu_threads);
        return;
    }
    const CudaDevice& device = cuda_device(a.device_id);
    const ContextScope scope(device);
    const Launcher launcher = launcher_for(device);
    hold_against_plan(call, &device.description);
    launcher(call, device, options.stream);
}

}  // namespace aotgemm
