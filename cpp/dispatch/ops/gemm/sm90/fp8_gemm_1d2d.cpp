// Launches of family fp8_gemm_1d2d, dense and grouped. Device side: cpp/kernels/sm90/fp8_gemm_1d2d/kernel.cuh.
#include <algorithm>

#include "dispatch/ops/gemm/arguments.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm90/fp8_gemm_1d2d/params.hpp"

namespace aotgemm::sm90 {
namespace {

const CUtensorMap& output_map_of(const OperandView& d, const aotgemm_spec& spec) {
    const int32_t columns = store_box_columns(spec.swap_ab != 0, spec.block_n);
    const CUtensorMapSwizzle swizzle = columns == 64   ? CU_TENSOR_MAP_SWIZZLE_128B
                                       : columns == 32 ? CU_TENSOR_MAP_SWIZZLE_64B
                                                       : CU_TENSOR_MAP_SWIZZLE_NONE;
    return map_of(d, {.inner = columns, .outer = store_box_rows(spec.swap_ab != 0, spec.block_m)}, swizzle);
}

void set_maps(const GemmCall& call, const aotgemm_spec& spec, Fp8Gemm1d2dParams& out) {
    out.d = output_map_of(call.d, spec);
    const bool loads = call.sizes.k > 0;  // with K = 0 nothing is loaded, and any map will do
    const bool is_paired = pairs_rows(call.form->grouping, spec.cluster_m);
    out.a = loads ? fp8_map_of(call.a, spec.block_m / (is_paired ? 2 : spec.cluster_n)) : out.d;
    if (leaves_out_half_of_a(call.form->grouping, spec.block_m, spec.swap_ab != 0, spec.cluster_m * spec.cluster_n)) {
        out.half_of_a = loads ? fp8_map_of(call.a, spec.block_m / 2) : out.d;
    }
    out.b = loads ? fp8_map_of(call.b, spec.block_n / spec.cluster_m) : out.d;
    out.sfa = loads ? scale_map_of(call.sfa, scale_box_rows(call.form->grouping, spec.block_m), spec.block_k / 128) : out.d;
}

void set_scales_of_b(const OperandView& sfb, Fp8Gemm1d2dParams& out) {
    out.sfb = static_cast<const float*>(sfb.data);
    out.sfb_row_stride = sfb.row_stride;
    out.sfb_column_stride = sfb.column_stride;
    out.sfb_group_stride = sfb.group_stride;
    out.sfb_rows = static_cast<int32_t>(sfb.rows);
}

void set_heads(const aotgemm_gemm_call& given, Fp8Gemm1d2dParams& out) {
    out.head_columns = static_cast<int32_t>(std::max<int64_t>(given.head_left + given.head_right, 1));
    out.head_left = static_cast<int32_t>(given.head_left);
    out.head_mid = static_cast<int32_t>(given.head_mid);
}

}  // namespace

void launch_fp8_gemm_1d2d(const GemmLaunch& gemm) {
    const GemmCall& call = gemm.call;
    Fp8Gemm1d2dParams parameters{};
    set_maps(call, kSpecs[gemm.choice.kernel], parameters);
    set_scales_of_b(call.sfb, parameters);
    set_heads(*call.given, parameters);
    set_groups(call, parameters);
    set_sizes(gemm, parameters);
    parameters.k_blocks = static_cast<int32_t>(ceil_div(call.sizes.k, 128));
    parameters.d_data = call.d.data;
    parameters.d_row_stride = legal_strides(call.d).outer;
    parameters.d_group_stride = call.d.group_stride;
    launch_kernel(gemm, &parameters);
}

}  // namespace aotgemm::sm90
