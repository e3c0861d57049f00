#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"

#include <algorithm>

#include "dispatch/select/choice.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm90/bf16_gemm/params.hpp"
#include "kernels/sm90/epilogue/store_boxes.hpp"

namespace aotgemm {
namespace {

// box_rows: rows of the tile that one load brings, if the factor is K-major. A stride along a single element says
// nothing: then any will do, and this one is legal.
const CUtensorMap& factor_map(const Bf16Factor& f, int32_t box_rows) {
    const int64_t inner = f.is_mn_major ? f.rows : f.k, outer = f.is_mn_major ? f.k : f.rows;
    const int64_t stride = outer > 1 ? (f.is_mn_major ? f.k_stride : f.row_stride) : align_up(inner, 8);
    TensorMapKey key{f.data, inner, outer, stride * 2, sm90::kBf16Slice, f.is_mn_major ? sm90::kBf16Slice : box_rows,
                     CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, CU_TENSOR_MAP_SWIZZLE_128B};
    key.groups = f.groups;
    key.group_bytes = (f.groups > 1 ? f.group_stride : stride * outer) * 2;
    return tensor_map(key);
}

// Strides of a row-major matrix or batch of them, legal ones also along single elements.
struct Strides {
    int64_t row, group;
};
Strides strides_of(const aotgemm_tensor& t, int32_t bytes) {
    const int row = t.ndim - 2;
    const int64_t stride = t.shape[row] > 1 ? t.stride[row] : align_up(t.shape[row + 1], 16 / bytes);
    return {stride, row == 0 ? 0 : t.shape[0] > 1 ? t.stride[0] : stride * t.shape[1]};
}

const CUtensorMap& output_map(const aotgemm_tensor& d, const aotgemm_spec& spec) {
    const int32_t bytes = bf16_out_bytes(d), row = d.ndim - 2;
    const Strides strides = strides_of(d, bytes);
    const int32_t columns = sm90::sum_box_columns(bytes, spec.swap_ab != 0, spec.block_n);
    TensorMapKey key{d.data, d.shape[row + 1], d.shape[row], strides.row * bytes, columns,
                     sm90::sum_box_rows(spec.swap_ab != 0, spec.block_m),
                     bytes == 4 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                     columns * bytes == 128 ? CU_TENSOR_MAP_SWIZZLE_128B : CU_TENSOR_MAP_SWIZZLE_NONE};
    key.groups = row == 1 ? d.shape[0] : 0;
    key.group_bytes = strides.group * bytes;
    return tensor_map(key);
}

sm90::Bf16GemmParams make_parameters(const Bf16Launch& in, const aotgemm_problem& problem, const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const int32_t bytes = bf16_out_bytes(in.d);
    const Strides of_d = strides_of(in.d, bytes), of_c = in.c != nullptr ? strides_of(*in.c, bytes) : Strides{};
    sm90::Bf16GemmParams out{};
    out.d = output_map(in.d, spec);
    const bool has_products = in.a.k > 0 && in.groups > 0;  // otherwise nothing is loaded
    out.a = has_products ? factor_map(in.a, spec.block_m / spec.cluster_n) : out.d;
    out.b = has_products ? factor_map(in.b, spec.block_n / spec.cluster_m) : out.d;
    out.c = in.c != nullptr ? in.c->data : nullptr;
    out.c_row_stride = of_c.row;
    out.c_group_stride = of_c.group;
    out.d_data = in.d.data;
    out.d_row_stride = of_d.row;
    out.d_group_stride = of_d.group;
    out.index = in.index != nullptr ? static_cast<const int32_t*>(in.index->data) : nullptr;
    out.groups = static_cast<int32_t>(in.groups);
    out.ranges = in.d.ndim == 3 ? static_cast<int32_t>(in.d.shape[0]) : 1;
    out.m = static_cast<int32_t>(in.a.rows);
    out.n = static_cast<int32_t>(in.b.rows);
    out.k = static_cast<int32_t>(in.a.k);
    out.group_m = choice.group_m;
    out.b_evict_first = evicts_b_first(choice, problem) ? 1 : 0;
    return out;
}

}  // namespace

aotgemm_problem bf16_problem(const Bf16Launch& in) {
    const int64_t m = expected_rows(in.grouping, in.a.rows, in.groups, in.expected_m);
    return {"bf16_gemm",   in.grouping, layout_of(in.a, in.b),          in.d.dtype == AOTGEMM_FP32 ? "fp32" : "bf16",
            static_cast<int32_t>(std::max<int64_t>(in.groups, 1)), m,  in.b.rows, std::max<int64_t>(in.a.k, 1),
            settings().num_sms.load(std::memory_order_relaxed)};
}

void launch_bf16(const Bf16Launch& operands, const aotgemm_launch& how) {
    const CudaDevice& device = cuda_device(operands.d.device_id);
    const ContextScope scope(device);
    const aotgemm_problem problem = bf16_problem(operands);
    const Choice& choice = choose_kernel(problem, device, how.kernel);
    sm90::Bf16GemmParams parameters = make_parameters(operands, problem, choice);
    launch_gemm(device, choice, how.stream, &parameters);
}

}  // namespace aotgemm
