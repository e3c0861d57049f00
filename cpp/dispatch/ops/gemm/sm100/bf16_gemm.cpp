// Launches of family bf16_gemm on sm_100a in every grouping. Device side: cpp/kernels/sm100/bf16_gemm/kernel.cuh.
#include "dispatch/ops/gemm/sm100/arguments.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"

namespace aotgemm::sm100 {
namespace {

constexpr int32_t kBf16Bytes = 2;
constexpr int32_t kSliceElements = 64;  // of K, or of M or N where the operand is MN-major: 128 bytes

const CUtensorMap& operand_map_of(const OperandView& view, int32_t rows) {
    return sm90::map_of(view, {.inner = kSliceElements, .outer = view.is_mn_major ? kSliceElements : rows},
                        CU_TENSOR_MAP_SWIZZLE_128B);
}

}  // namespace

void launch_bf16_gemm(const GemmLaunch& gemm) {
    const GemmCall& call = gemm.call;
    const aotgemm_spec& spec = kSpecs[gemm.choice.kernel];
    GemmParams parameters{};
    set_common(gemm, parameters);
    const bool loads = loads_operands(call);
    const int32_t rows_a = loaded_rows_of_a(spec, call.a), rows_b = loaded_rows_of_b(spec);
    parameters.operand_bytes = (rows_a + rows_b) * spec.block_k * kBf16Bytes;
    parameters.a = loads ? operand_map_of(call.a, rows_a) : parameters.d;
    parameters.b = loads ? operand_map_of(call.b, rows_b) : parameters.d;
    launch_kernel(gemm, &parameters);
}

}  // namespace aotgemm::sm100
