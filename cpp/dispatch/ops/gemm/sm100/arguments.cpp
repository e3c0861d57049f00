#include "dispatch/ops/gemm/sm100/arguments.hpp"

#include <algorithm>

#include "dispatch/ops/gemm/arguments.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm100/epilogue/store_boxes.hpp"
#include "kernels/sm100/pipeline/load_boxes.hpp"

namespace aotgemm::sm100 {

int32_t loaded_rows_of_a(const aotgemm_spec& spec, const OperandView& a) {
    if (a.is_mn_major || spec.cluster_n > 1) return spec.block_m / spec.cluster_n;
    const int64_t atoms = align_up(std::max<int64_t>(a.rows, 1), kAtomRows);
    return static_cast<int32_t>(std::min<int64_t>(spec.block_m, atoms));
}

int32_t loaded_rows_of_b(const aotgemm_spec& spec) { return spec.block_n / spec.cluster_m; }

CUtensorMapSwizzle swizzle_of(int32_t row_bytes) {
    if (row_bytes == 128) return CU_TENSOR_MAP_SWIZZLE_128B;
    return row_bytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B : CU_TENSOR_MAP_SWIZZLE_32B;
}

const CUtensorMap& output_map_of(const OperandView& d, const aotgemm_spec& spec) {
    const bool swap_ab = spec.swap_ab != 0;
    const sm90::MapBox box{.inner = store_columns(d.bytes(), swap_ab, spec.block_n),
                           .outer = store_rows(swap_ab, spec.block_m)};
    return sm90::map_of(d, box, swizzle_of(store_row_bytes(d.bytes(), swap_ab, spec.block_n)));
}

bool loads_operands(const GemmCall& call) { return call.sizes.k > 0 && call.sizes.groups > 0; }

void set_common(const GemmLaunch& gemm, GemmParams& out) {
    const GemmCall& call = gemm.call;
    out.d = output_map_of(call.d, kSpecs[gemm.choice.kernel]);
    set_outputs(call, out);
    set_groups(call, out);
    set_sizes(gemm, out);
    out.ranges = static_cast<int32_t>(std::max<int64_t>(call.d.groups, 1));
    out.k = static_cast<int32_t>(call.sizes.k);
}

}  // namespace aotgemm::sm100
