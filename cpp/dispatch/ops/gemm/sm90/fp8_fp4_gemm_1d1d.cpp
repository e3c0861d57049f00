// Launches of family fp8_fp4_gemm_1d1d, dense and grouped. Device side: cpp/kernels/sm90/fp8_fp4_gemm_1d1d/kernel.cuh.
#include "dispatch/ops/gemm/arguments.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm90/epilogue/store_boxes.hpp"
#include "kernels/sm90/fp8_fp4_gemm_1d1d/params.hpp"

namespace aotgemm::sm90 {
namespace {

// Words of FP4 lie in shared memory as they are read: a warp's rows are adjacent there.
const CUtensorMap& words_map_of(const OperandView& b, int32_t box_rows) {
    OperandView words = b;
    words.columns = b.stored_columns();
    return map_of(words, {.inner = kFp4BoxWords, .outer = box_rows}, CU_TENSOR_MAP_SWIZZLE_NONE);
}

void set_maps(const GemmCall& call, const aotgemm_spec& spec, Fp8Fp4Gemm1d1dParams& out) {
    out.d = map_of(call.d, {.inner = sum_box_columns(call.d.bytes(), true, spec.block_n), .outer = spec.block_m},
                   CU_TENSOR_MAP_SWIZZLE_128B);
    const bool loads = call.sizes.k > 0;  // with K = 0 nothing is loaded, and any map will do
    const int32_t slices = spec.block_k / kFp4BlockK;
    out.a = loads ? fp8_map_of(call.a, spec.block_m) : out.d;
    out.b = loads ? words_map_of(call.b, spec.block_n) : out.d;
    out.sfa = loads ? scale_map_of(call.sfa, fp4_scale_box_rows(call.form->grouping, spec.block_m), slices) : out.d;
    out.sfb = loads ? scale_map_of(call.sfb, spec.block_n, slices) : out.d;
}

}  // namespace

void launch_fp8_fp4_gemm_1d1d(const GemmLaunch& gemm) {
    const GemmCall& call = gemm.call;
    Fp8Fp4Gemm1d1dParams parameters{};
    set_maps(call, kSpecs[gemm.choice.kernel], parameters);
    set_outputs(call, parameters);
    set_groups(call, parameters);
    set_sizes(gemm, parameters);
    parameters.k_blocks = static_cast<int32_t>(ceil_div(call.sizes.k, kFp4BlockK));
    launch_kernel(gemm, &parameters);
}

}  // namespace aotgemm::sm90
