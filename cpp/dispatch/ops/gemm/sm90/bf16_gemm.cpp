// Launches of family bf16_gemm in every grouping. Device side: cpp/kernels/sm90/bf16_gemm/kernel.cuh.
#include <algorithm>

#include "dispatch/ops/gemm/arguments.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm90/bf16_gemm/params.hpp"
#include "kernels/sm90/epilogue/store_boxes.hpp"

namespace aotgemm::sm90 {
namespace {

// box_rows: rows of the tile that one load brings, if the operand is K-major.
const CUtensorMap& operand_map_of(const OperandView& view, int32_t box_rows) {
    return map_of(view, {.inner = kBf16Slice, .outer = view.is_mn_major ? kBf16Slice : box_rows},
                  CU_TENSOR_MAP_SWIZZLE_128B);
}

const CUtensorMap& output_map_of(const OperandView& d, const aotgemm_spec& spec) {
    const int32_t columns = sum_box_columns(d.bytes(), spec.swap_ab != 0, spec.block_n);
    return map_of(d, {.inner = columns, .outer = sum_box_rows(spec.swap_ab != 0, spec.block_m)},
                  columns * d.bytes() == 128 ? CU_TENSOR_MAP_SWIZZLE_128B : CU_TENSOR_MAP_SWIZZLE_NONE);
}

void set_maps(const GemmCall& call, const aotgemm_spec& spec, Bf16GemmParams& out) {
    out.d = output_map_of(call.d, spec);
    const bool loads = call.sizes.k > 0 && call.sizes.groups > 0;  // otherwise any map will do
    out.a = loads ? operand_map_of(call.a, spec.block_m / spec.cluster_n) : out.d;
    if (leaves_out_half_of_a(call.form->grouping, spec.block_m, spec.swap_ab != 0, spec.cluster_m * spec.cluster_n)) {
        out.half_of_a = loads ? operand_map_of(call.a, spec.block_m / 2) : out.d;
    }
    out.b = loads ? operand_map_of(call.b, spec.block_n / spec.cluster_m) : out.d;
}

}  // namespace

void launch_bf16_gemm(const GemmLaunch& gemm) {
    const GemmCall& call = gemm.call;
    Bf16GemmParams parameters{};
    set_maps(call, kSpecs[gemm.choice.kernel], parameters);
    set_outputs(call, parameters);
    set_groups(call, parameters);
    set_sizes(gemm, parameters);
    parameters.ranges = static_cast<int32_t>(std::max<int64_t>(call.d.groups, 1));
    parameters.k = static_cast<int32_t>(call.sizes.k);
    launch_kernel(gemm, &parameters);
}

}  // namespace aotgemm::sm90
