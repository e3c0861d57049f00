#include "dispatch/ops/convert/pack_ue8m0.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "emulation/ops/pack_ue8m0.hpp"

namespace aotgemm {
namespace {

constexpr int64_t kScalesOfWord = 4;

const int32_t* values_of(const aotgemm_tensor* index) {
    return index != nullptr ? static_cast<const int32_t*>(index->data) : nullptr;
}

void check_operands(const Operand& sf, const Operand& out) {
    check_dtype(sf, {AOTGEMM_FP32});
    check_dtype(out, {AOTGEMM_INT32});
    check_rank(sf, 2, 3);
    check_rank(out, sf.tensor.ndim, sf.tensor.ndim);
    check_same_device({sf, out});
    check_extents(sf);
}

void check_index(const Operand& index, const Operand& sf) {
    check_index_vector(index);
    check_same_device({sf, index});
}

PackUe8m0Params parameters_of(const OperandView& sf, const OperandView& out) {
    return {.sf = static_cast<const float*>(sf.data),
            .out = static_cast<uint32_t*>(out.data),
            .groups = out.groups > 0 ? out.groups : 1,
            .mn = out.rows,
            .k = sf.columns,
            .words = out.columns,
            .group_stride = sf.group_stride,
            .mn_stride = sf.row_stride,
            .k_stride = sf.column_stride,
            .out_group_stride = out.group_stride,
            .out_mn_stride = out.row_stride,
            .out_word_stride = out.column_stride,
            .rows_per_scale = 1,
            .live = {.index = nullptr, .rule = RowRule::all, .groups = 0, .alignment = settings().psum_alignment.load(std::memory_order_relaxed)},
            .k_groups = {.index = nullptr, .count = 0, .is_psum = 0, .alignment = 1, .gran = 1}};
}

void run_on_cpu(const PackUe8m0Params& params, const std::vector<GemmPart>* parts) {
    if (settings().compile_only) return;
    for (int64_t group = 0; group < params.groups; ++group) {
        emulation::pack_ue8m0(params, group, 0, params.mn, parts == nullptr);
        if (parts == nullptr) continue;
        for (const GemmPart& part : *parts) emulation::pack_ue8m0(params, group, part.first, part.first + part.count, true);
    }
}

uint32_t grid_of(const PackUe8m0Params& params) { return checked_grid("sf", pack_ue8m0_blocks(params)); }

void launch_pack(PackUe8m0Params& params, const aotgemm_tensor& sf, const aotgemm_launch& options) {
    static Conversion conversion{"pack_ue8m0_fp32"};
    launch_blocks(conversion, grid_of(params), kPackThreads, params, sf.device_id, options);
}

}  // namespace

void pack_ue8m0(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_tensor* psum_layout,
                int64_t rows_per_scale, const aotgemm_launch& options) {
    const Operand from{"sf", sf}, to{"out", out};
    check_operands(from, to);
    if (rows_per_scale < 1) fail(AOTGEMM_ERROR_SHAPE, "rows_per_scale: is ", rows_per_scale, ", allowed is 1 or more");
    const int row = sf.ndim - 2, column = row + 1;
    if (row > 0) check_size(to, 0, sf.shape[0], "groups of sf");
    check_size(from, row, ceil_div(out.shape[row], rows_per_scale), "rows of out / rows_per_scale, rounded up");
    check_size(to, column, ceil_div(sf.shape[column], kScalesOfWord), "columns of sf / 4, rounded up");
    PackUe8m0Params params = parameters_of(view_of(sf), view_of(out));
    params.rows_per_scale = rows_per_scale;
    if (psum_layout != nullptr) {
        check_index({"psum_layout", *psum_layout}, from);
        if (sf.ndim != 2) fail(AOTGEMM_ERROR_SHAPE, "sf: has 3 dimensions, allowed is 2 beside psum_layout");
        params.live.rule = RowRule::psum;
        params.live.index = values_of(psum_layout);
        params.live.groups = static_cast<int32_t>(psum_layout->shape[0]);
    }
    if (is_empty(out)) return;
    psum_layout != nullptr ? check_call_memory({to}, {from, {"psum_layout", *psum_layout}}) : check_call_memory({to}, {from});
    grid_of(params);
    if (sf.device_type != AOTGEMM_CPU) return launch_pack(params, sf, options);
    if (psum_layout == nullptr) return run_on_cpu(params, nullptr);
    const std::vector<GemmPart> parts =
        read_row_parts(Grouping::psum, "psum_layout", params.live.index,
                       {.groups = params.live.groups, .m = params.mn, .n = 0, .k = params.k}, params.live.alignment);
    run_on_cpu(params, &parts);
}

void pack_ue8m0_k_grouped(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_tensor& grouped_layout,
                          int32_t gran_k, int32_t k_alignment, bool use_psum, const aotgemm_launch& options) {
    const Operand from{"sf", sf}, to{"out", out};
    check_operands(from, to);
    check_rank(from, 2, 2);
    check_index({"grouped_layout", grouped_layout}, from);
    if (gran_k != 32 && gran_k != 128) fail(AOTGEMM_ERROR_SHAPE, "gran_k: is ", gran_k, ", allowed is 32 or 128");
    if (k_alignment < 32 || k_alignment % 32 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "k_alignment: is ", k_alignment, ", must be a multiple of 32");
    }
    check_size(to, 1, sf.shape[1], "columns of sf");
    // Scales lie along K in rows: their tensors are those of pack_ue8m0 with the dimensions exchanged.
    PackUe8m0Params params = parameters_of(view_of(sf, true), view_of(out, true));
    params.k_groups = {.index = values_of(&grouped_layout),
                       .count = static_cast<int32_t>(grouped_layout.shape[0]),
                       .is_psum = use_psum ? 1 : 0,
                       .alignment = k_alignment,
                       .gran = gran_k};
    if (is_empty(out) || params.k_groups.count == 0) return;
    check_call_memory({to}, {from, {"grouped_layout", grouped_layout}});
    grid_of(params);
    if (sf.device_type == AOTGEMM_CPU) return run_on_cpu(params, nullptr);
    launch_pack(params, sf, options);
}

}  // namespace aotgemm
