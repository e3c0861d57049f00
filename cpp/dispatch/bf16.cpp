#include "dispatch/bf16.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/checks.hpp"
#include "dispatch/choice.hpp"
#include "dispatch/inventory.hpp"
#include "dispatch/launch.hpp"
#include "dispatch/settings.hpp"
#include "dispatch/tensor_map.hpp"
#include "emulation/emulation.hpp"
#include "kernels/sm90/bf16_params.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kElementBytes = 2;
constexpr int64_t kStrideMultiple = 16 / kElementBytes;

// A or B as the definition has it: rows of D (or columns) by K, whatever lies adjacent in memory.
struct Factor {
    void* data;
    int64_t rows, k, row_stride, k_stride;

    static Factor of(const aotgemm_tensor& t, bool transposed) {
        return transposed ? Factor{t.data, t.shape[1], t.shape[0], t.stride[1], t.stride[0]}
                          : Factor{t.data, t.shape[0], t.shape[1], t.stride[0], t.stride[1]};
    }
    bool is_k_major() const { return is_addressable(rows, row_stride, k, k_stride); }
    bool is_mn_major() const { return is_addressable(k, k_stride, rows, row_stride); }

   private:
    // By a tensor map, as `outer` lines of `inner` adjacent elements. A stride along a single element says nothing.
    static bool is_addressable(int64_t outer, int64_t outer_stride, int64_t inner, int64_t inner_stride) {
        return (inner <= 1 || inner_stride == 1) &&
               (outer <= 1 || (outer_stride >= inner && outer_stride % kStrideMultiple == 0));
    }
};

struct Problem {
    Factor a, b;
    bool mn_a, mn_b;  // M (or N) is adjacent in memory, not K

    const char* layout() const {
        if (mn_a) return mn_b ? "tn" : "tt";
        return mn_b ? "nn" : "nt";
    }
};

void check_layout_name(const char* layout) {
    const auto is = [&](const char* known) { return std::strcmp(layout, known) == 0; };
    if (is("nt") || is("nn") || is("tn") || is("tt")) return;
    fail(AOTGEMM_ERROR_LAYOUT, "layout: is '", layout, "', allowed is nt, nn, tn or tt");
}

void check_operands(const Bf16GemmOperands& in, const Factor& a, const Factor& b, bool transposed_b) {
    const Operand oa{"a", in.a}, ob{"b", in.b}, od{"d", in.d};
    check_size(ob, transposed_b ? 0 : 1, a.k, "K of a");
    check_size(od, 0, a.rows, "M of a");
    check_size(od, 1, b.rows, "N of b");
    check_same_device({oa, ob, od});
    if (in.c != nullptr) {
        const Operand oc{"c", *in.c};
        check_dtype(oc, {static_cast<aotgemm_dtype>(in.d.dtype)});
        check_rank(oc, 2, 2);
        check_same_device({oa, oc});
        check_size(oc, 0, a.rows, "M of a");
        check_size(oc, 1, b.rows, "N of b");
    }
    if (b.rows % 8 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", b.rows, ", must be a multiple of 8; the nearest is ", align_up(b.rows, 8));
    }
    constexpr int64_t kMost = INT32_MAX - 512;  // coordinates of the TMA are 32-bit
    for (const int64_t size : {a.rows, b.rows, a.k}) {
        if (size > kMost) fail(AOTGEMM_ERROR_SHAPE, "a, b: a size is ", size, ", allowed is at most ", kMost);
    }
}

// Whether the factor is MN-major. The order of its dimensions decides where the strides leave it open, and is what the
// failure speaks of where neither will do.
bool find_major(const Operand& operand, const Factor& factor, bool transposed) {
    const bool is_nominal = transposed ? factor.is_mn_major() : factor.is_k_major();
    const bool is_other = transposed ? factor.is_k_major() : factor.is_mn_major();
    if (!is_nominal && is_other && reinterpret_cast<uintptr_t>(operand.tensor.data) % 16 == 0) return !transposed;
    check_matrix_layout(operand, kElementBytes);
    return transposed;
}

Problem read_problem(const char* layout, const Bf16GemmOperands& in) {
    check_layout_name(layout);
    const Operand a{"a", in.a}, b{"b", in.b}, d{"d", in.d};
    check_dtype(a, {AOTGEMM_BF16});
    check_dtype(b, {AOTGEMM_BF16});
    check_dtype(d, {AOTGEMM_BF16, AOTGEMM_FP32});
    for (const Operand& operand : {a, b, d}) check_rank(operand, 2, 2);
    const bool transposed_a = layout[0] == 't', transposed_b = layout[1] == 'n';
    Problem problem{Factor::of(in.a, transposed_a), Factor::of(in.b, transposed_b), transposed_a, transposed_b};
    check_operands(in, problem.a, problem.b, transposed_b);
    return problem;
}

int32_t out_bytes(const aotgemm_tensor& d) { return d.dtype == AOTGEMM_FP32 ? 4 : 2; }

void check_layouts(const Bf16GemmOperands& in, Problem& problem) {
    problem.mn_a = find_major({"a", in.a}, problem.a, problem.mn_a);
    problem.mn_b = find_major({"b", in.b}, problem.b, problem.mn_b);
    check_matrix_layout({"d", in.d}, out_bytes(in.d));
    if (in.c != nullptr) check_matrix_layout({"c", *in.c}, out_bytes(in.d));
}

void run_on_cpu(const Bf16GemmOperands& in, const Problem& problem, int threads) {
    const auto factor = [](const Factor& f) {
        return emulation::Matrix<const uint16_t>{static_cast<const uint16_t*>(f.data), f.rows, f.k, f.row_stride, f.k_stride};
    };
    emulation::Matrix<const void> c{};
    if (in.c != nullptr) c = {in.c->data, in.c->shape[0], in.c->shape[1], in.c->stride[0], in.c->stride[1]};
    emulation::bf16_gemm(factor(problem.a), factor(problem.b), c,
                         {in.d.data, in.d.shape[0], in.d.shape[1], in.d.stride[0], in.d.stride[1]},
                         in.d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16, threads);
}

// box_rows: rows of the tile that one load brings, if the factor is K-major.
CUtensorMap factor_map(const Factor& f, bool is_mn_major, int32_t box_rows) {
    const int64_t inner = is_mn_major ? f.rows : f.k, outer = is_mn_major ? f.k : f.rows;
    const int64_t stride = is_mn_major ? f.k_stride : f.row_stride;
    return tensor_map({f.data, inner, outer, (outer > 1 ? stride : align_up(inner, kStrideMultiple)) * kElementBytes,
                       sm90::kBf16Slice, is_mn_major ? sm90::kBf16Slice : box_rows, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                       CU_TENSOR_MAP_SWIZZLE_128B});
}

sm90::Bf16GemmParams make_parameters(const Bf16GemmOperands& in, const Problem& problem, const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const int32_t bytes = out_bytes(in.d);
    sm90::Bf16GemmParams out{};
    if (problem.a.k > 0) {
        out.a = factor_map(problem.a, problem.mn_a, spec.block_m / spec.cluster_n);
        out.b = factor_map(problem.b, problem.mn_b, spec.block_n / spec.cluster_m);
    }
    out.d = tensor_map({in.d.data, in.d.shape[1], in.d.shape[0], row_stride(in.d, bytes) * bytes,
                        sm90::bf16_store_columns(bytes), sm90::bf16_store_rows(spec.swap_ab != 0, spec.block_m),
                        bytes == 4 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                        CU_TENSOR_MAP_SWIZZLE_128B});
    out.c = in.c != nullptr ? in.c->data : nullptr;
    out.c_row_stride = in.c != nullptr ? row_stride(*in.c, bytes) : 0;
    out.groups = 1;
    out.m = static_cast<int32_t>(problem.a.rows);
    out.n = static_cast<int32_t>(problem.b.rows);
    out.k = static_cast<int32_t>(problem.a.k);
    out.band_m = choice.band_m;
    out.stream_b = choice.streams_b ? 1 : 0;
    return out;
}

void run_on_cuda(const Bf16GemmOperands& in, const Problem& problem, const aotgemm_launch& how) {
    const CudaDevice& device = cuda_device(in.a.device_id);
    const ContextScope scope(device);
    const aotgemm_problem asked{"bf16", "dense", problem.layout(), in.d.dtype == AOTGEMM_FP32 ? "fp32" : "bf16", 1,
                                problem.a.rows, problem.b.rows, std::max<int64_t>(problem.a.k, 1),
                                settings().num_sms.load(std::memory_order_relaxed)};
    const Choice& choice = choose_kernel(asked, device, how.kernel);
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    sm90::Bf16GemmParams parameters = make_parameters(in, problem, choice);
    const LaunchShape shape{static_cast<uint32_t>(choice.grid), static_cast<uint32_t>(spec.threads), 1,
                            static_cast<uint32_t>(spec.cluster_m * spec.cluster_n), static_cast<uint32_t>(spec.shared_bytes)};
    launch(device, choice.cubin, shape, how.stream, &parameters);
}

}  // namespace

void bf16_gemm(const char* layout, const Bf16GemmOperands& operands, const aotgemm_launch& how) {
    Problem problem = read_problem(layout, operands);
    if (problem.a.rows == 0 || problem.b.rows == 0) return;
    if (operands.a.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) run_on_cpu(operands, problem, how.cpu_threads);
        return;
    }
    check_layouts(operands, problem);
    run_on_cuda(operands, problem, how);
}

}  // namespace aotgemm
