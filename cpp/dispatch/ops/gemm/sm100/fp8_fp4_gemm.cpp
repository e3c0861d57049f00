// Launches of family fp8_fp4_gemm. Device side: cpp/kernels/sm100/fp8_fp4_gemm/kernel.cuh.
#include <algorithm>

#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/sm100/arguments.hpp"
#include "dispatch/ops/gemm/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "kernels/sm100/fp8_fp4_gemm/params.hpp"
#include "kernels/sm100/pipeline/load_boxes.hpp"
#include "kernels/sm90/fp8_gemm_1d2d/params.hpp"

namespace aotgemm::sm100 {
namespace {

// The TMA unpacks FP4: 16 elements lie in the low 8 of 16 bytes of shared memory, as many bytes apart as FP8's. A box has
// kFp4BoxElements of the adjacent dimension, so that rows of shared memory are those of FP8 in the widest swizzle.
const CUtensorMap& fp4_map_of(const OperandView& view, int32_t loaded_rows) {
    const LegalStrides strides = legal_strides(view);
    return tensor_map({.data = view.data,
                       .columns = view.is_mn_major ? view.rows : view.columns,
                       .rows = view.is_mn_major ? view.columns : view.rows,
                       .row_bytes = strides.outer,
                       .box_columns = kFp4BoxElements,
                       .box_rows = view.is_mn_major ? kFp8Stage : loaded_rows,
                       .type = CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B,
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_128B,
                       .groups = view.groups,
                       .group_bytes = strides.group});
}

const CUtensorMap& operand_map_of(const OperandView& view, int32_t loaded_rows) {
    if (view.is_fp4()) return fp4_map_of(view, loaded_rows);
    if (!view.is_mn_major) return sm90::fp8_map_of(view, loaded_rows);
    const int32_t width = box_width(loaded_rows);
    return sm90::map_of(view, {.inner = width, .outer = kFp8Stage}, swizzle_of(width));
}

// Words of scales: M or N adjacent, a box for a tile's rows.
const CUtensorMap& scale_map_of(const OperandView& scales, int32_t box_rows) {
    const int64_t stride = scales.columns > 1 ? scales.column_stride : align_up(scales.rows, 4);
    return tensor_map({.data = scales.data,
                       .columns = scales.rows,
                       .rows = scales.columns,
                       .row_bytes = stride * 4,
                       .box_columns = box_rows,
                       .box_rows = 1,
                       .type = CU_TENSOR_MAP_DATA_TYPE_INT32,
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE,
                       .groups = scales.groups,
                       .group_bytes = (scales.groups > 1 ? scales.group_stride : scales.groups * stride * scales.columns) * 4});
}

int32_t bytes_of_stage(const OperandView& view, int32_t rows) { return rows * kFp8Stage / (view.is_fp4() ? 2 : 1); }

void set_operands(const GemmCall& call, const aotgemm_spec& spec, Fp8Fp4GemmParams& out) {
    const int32_t rows_a = loaded_rows_of_a(spec, call.a), rows_b = loaded_rows_of_b(spec);
    out.operand_bytes = bytes_of_stage(call.a, rows_a) + bytes_of_stage(call.b, rows_b);
    out.code_of_a = call.a.is_fp4() ? kCodeOfE2m1 : kCodeOfE4m3;
    out.code_of_b = call.b.is_fp4() ? kCodeOfE2m1 : kCodeOfE4m3;
    out.stages_of_word_a = stages_of_scale_word(call.given->gran_k_a);
    out.stages_of_word_b = stages_of_scale_word(call.given->gran_k_b);
    out.scaled_ks = call.scaled_ks();
    const bool loads = loads_operands(call);
    out.a = loads ? operand_map_of(call.a, rows_a) : out.d;
    out.b = loads ? operand_map_of(call.b, rows_b) : out.d;
    out.sfa = loads ? scale_map_of(call.sfa, sm90::scale_box_rows(call.form->grouping, spec.block_m)) : out.d;
    out.sfb = loads ? scale_map_of(call.sfb, spec.block_n) : out.d;
}

void set_heads(const aotgemm_gemm_call& given, Fp8Fp4GemmParams& out) {
    out.head_columns = static_cast<int32_t>(std::max<int64_t>(given.head_left + given.head_right, 1));
    out.head_left = static_cast<int32_t>(given.head_left);
    out.head_mid = static_cast<int32_t>(given.head_mid);
}

}  // namespace

void launch_fp8_fp4_gemm(const GemmLaunch& gemm) {
    Fp8Fp4GemmParams parameters{};
    set_common(gemm, parameters);
    set_operands(gemm.call, kSpecs[gemm.choice.kernel], parameters);
    set_heads(*gemm.call.given, parameters);
    launch_kernel(gemm, &parameters);
}

}  // namespace aotgemm::sm100
