#include "dispatch/ops/gemm/sm90/fp8_1d2d_launch.hpp"

#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/select/choice.hpp"
#include "dispatch/ops/gemm/sm90/fp8_maps.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm90/fp8_gemm_1d2d/params.hpp"

namespace aotgemm {
namespace {

struct Sizes {
    int64_t groups, m, n, k, k_blocks;  // m: rows of A, in each group where A has a group dimension
};

Sizes sizes_of(const Fp8Launch& in) {
    const int row = in.a.ndim - 2;
    const int64_t k = in.a.shape[row + 1];
    return {in.b.ndim == 3 ? in.b.shape[0] : 1, in.a.shape[row], in.b.shape[in.b.ndim - 2], k, ceil_div(k, 128)};
}

const CUtensorMap& output_map_of(const aotgemm_tensor& d, const aotgemm_spec& spec) {
    const int32_t columns = sm90::store_box_columns(spec.swap_ab != 0, spec.block_n);
    const CUtensorMapSwizzle swizzle = columns == 64   ? CU_TENSOR_MAP_SWIZZLE_128B
                                       : columns == 32 ? CU_TENSOR_MAP_SWIZZLE_64B
                                                       : CU_TENSOR_MAP_SWIZZLE_NONE;
    return map_of(d, 2, columns, sm90::store_box_rows(spec.swap_ab != 0, spec.block_m), CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                  swizzle);
}

void put_maps(const Fp8Launch& in, const aotgemm_spec& spec, sm90::Fp8Gemm1d2dParams& out) {
    out.a = fp8_map_of(in.a, spec.block_m / spec.cluster_n);
    out.b = fp8_map_of(in.b, spec.block_n / spec.cluster_m);
    out.sfa = scale_map_of(in.sfa, spec.block_m, spec.block_k / 128);
    out.d = output_map_of(in.d, spec);
}

sm90::Fp8Gemm1d2dParams make_parameters(const Fp8Launch& in, const Sizes& sizes, const aotgemm_problem& problem,
                                        const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const int row_of_b = in.sfb.ndim - 2, row_of_d = in.d.ndim - 2;
    sm90::Fp8Gemm1d2dParams out{};
    put_maps(in, spec, out);
    out.sfb = static_cast<const float*>(in.sfb.data);
    out.sfb_row_stride = in.sfb.stride[row_of_b];
    out.sfb_column_stride = in.sfb.stride[row_of_b + 1];
    out.sfb_group_stride = row_of_b == 1 ? in.sfb.stride[0] : 0;
    out.sfb_rows = static_cast<int32_t>(in.sfb.shape[row_of_b]);
    out.m = static_cast<int32_t>(sizes.m);
    out.n = static_cast<int32_t>(sizes.n);
    out.k_blocks = static_cast<int32_t>(sizes.k_blocks);
    out.groups = static_cast<int32_t>(sizes.groups);
    out.index = in.index != nullptr ? static_cast<const int32_t*>(in.index->data) : nullptr;
    out.d_data = in.d.data;
    out.d_row_stride = stride_of(in.d, row_of_d, in.d.shape[row_of_d + 1]);
    out.d_group_stride = row_of_d == 1 ? in.d.stride[0] : 0;
    out.head_columns = static_cast<int32_t>(std::max<int64_t>(in.heads.left + in.heads.right, 1));
    out.head_left = static_cast<int32_t>(in.heads.left);
    out.head_mid = static_cast<int32_t>(in.heads.mid);
    out.group_m = choice.group_m;
    out.b_evict_first = evicts_b_first(choice, problem) ? 1 : 0;
    return out;
}

// A sum over nothing.
void write_zeros(const aotgemm_tensor& d, void* stream) {
    check_cuda(driver().cuMemsetD2D8Async(reinterpret_cast<CUdeviceptr>(d.data), row_stride(d, 2) * 2, 0, d.shape[1] * 2,
                                          d.shape[0], static_cast<CUstream>(stream)),
               "cuMemsetD2D8Async");
}

}  // namespace

aotgemm_problem fp8_1d2d_problem(const Fp8Launch& in) {
    const Sizes sizes = sizes_of(in);
    const int64_t m = expected_rows(in.grouping, sizes.m, sizes.groups, in.expected_m);
    const int32_t num_sms = settings().num_sms.load(std::memory_order_relaxed);
    return {"fp8_gemm_1d2d", in.grouping, "nt", "bf16", static_cast<int32_t>(sizes.groups), m, sizes.n, sizes.k, num_sms};
}

void launch_fp8_1d2d(const Fp8Launch& operands, const aotgemm_launch& how) {
    const Sizes sizes = sizes_of(operands);
    const CudaDevice& device = cuda_device(operands.a.device_id);
    const ContextScope scope(device);
    if (sizes.k == 0) {
        if (!settings().compile_only) write_zeros(operands.d, how.stream);
        return;
    }
    const aotgemm_problem problem = fp8_1d2d_problem(operands);
    const Choice& choice = choose_kernel(problem, device, how.kernel);
    sm90::Fp8Gemm1d2dParams parameters = make_parameters(operands, sizes, problem, choice);
    launch_gemm(device, choice, how.stream, &parameters);
}

}  // namespace aotgemm
