// Launches of family fp8_gemm_1d1d. Device side: cpp/kernels/sm90/fp8_gemm_1d1d/kernel.cuh.
#include "dispatch/ops/gemm/arguments.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm90/epilogue/store_boxes.hpp"
#include "kernels/sm90/fp8_gemm_1d1d/params.hpp"

namespace aotgemm::sm90 {
namespace {

// Of C or D, in the boxes of a consumer warpgroup.
const CUtensorMap& output_map_of(const OperandView& view, const aotgemm_spec& spec) {
    return map_of(view, {.inner = sum_box_columns(view.bytes(), false, spec.block_n), .outer = kWarpgroupBoxRows},
                  CU_TENSOR_MAP_SWIZZLE_128B);
}

void set_maps(const GemmCall& call, const aotgemm_spec& spec, Fp8Gemm1d1dParams& out) {
    out.d = output_map_of(call.d, spec);
    out.c = call.has_c() ? output_map_of(call.c, spec) : out.d;
    const bool loads = call.sizes.k > 0;  // with K = 0 nothing is loaded, and any map will do
    out.a = loads ? fp8_map_of(call.a, spec.block_m / spec.cluster_n) : out.d;
    out.b = loads ? fp8_map_of(call.b, spec.block_n / spec.cluster_m) : out.d;
    out.sfa = loads ? scale_map_of(call.sfa, spec.block_m, spec.block_k / 128) : out.d;
    out.sfb = loads ? scale_map_of(call.sfb, spec.block_n, spec.block_k / 128) : out.d;
}

}  // namespace

void launch_fp8_gemm_1d1d(const GemmLaunch& gemm) {
    const GemmCall& call = gemm.call;
    Fp8Gemm1d1dParams parameters{};
    set_maps(call, kSpecs[gemm.choice.kernel], parameters);
    set_sizes(gemm, parameters);
    parameters.k_blocks = static_cast<int32_t>(ceil_div(call.sizes.k, 128));
    parameters.adds_c = call.has_c() ? 1 : 0;
    parameters.follows_group = gemm.follows_group ? 1 : 0;
    parameters.precedes_group = gemm.precedes_group ? 1 : 0;
    launch_kernel(gemm, &parameters, gemm.follows_group);
}

}  // namespace aotgemm::sm90
