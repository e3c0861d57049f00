#include "dispatch/ops/gemm/check.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "dispatch/base/settings.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {
namespace {

bool is_one_of(Grouping grouping, std::initializer_list<Grouping> groupings) {
    for (const Grouping one : groupings) {
        if (one == grouping) return true;
    }
    return false;
}

bool has_groups_of_a(Grouping grouping) {
    return is_one_of(grouping, {Grouping::batched, Grouping::masked, Grouping::batch_reduced});
}
bool has_groups_of_b(Grouping grouping) { return !is_one_of(grouping, {Grouping::dense, Grouping::k_grouped}); }
bool has_groups_of_d(Grouping grouping) {
    return is_one_of(grouping, {Grouping::batched, Grouping::masked, Grouping::k_grouped});
}

// A and B are vectors, see OperandView.
bool is_flat(const GemmCall& call) { return call.form->is_by_group; }

void check_presence(const GemmCall& call, const char* name, const aotgemm_tensor* tensor, bool is_taken) {
    if (is_taken && tensor == nullptr) {
        fail(AOTGEMM_ERROR_DTYPE, name, ": is none, must be a tensor for ", call.family->name, " ",
             grouping_name(call.form->grouping));
    }
    if (!is_taken && tensor != nullptr) {
        fail(AOTGEMM_ERROR_LAYOUT, name, ": is given, allowed is none for ", call.family->name, " ",
             grouping_name(call.form->grouping));
    }
}

void check_presence(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    check_presence(call, "a", in.a, true);
    check_presence(call, "sfa", in.sfa, call.family->has_scales());
    check_presence(call, "b", in.b, true);
    check_presence(call, "sfb", in.sfb, call.family->has_scales());
    if (in.c != nullptr) check_presence(call, "c", in.c, call.form->takes_c && in.head_mid == 0);
    check_presence(call, "d", in.d, true);
    const char* index = group_index_name(call.form->grouping);
    check_presence(call, index != nullptr ? index : "index", in.index, index != nullptr);
    const bool takes_ks = call.form->grouping == Grouping::k_grouped;
    if (!takes_ks || !call.family->has_packed_scales()) check_presence(call, "scaled_ks", in.scaled_ks, false);
    if (call.form->grouping != Grouping::batch_reduced) check_presence(call, "workspace", in.workspace, false);
    if (in.ks_count != 0 && (!takes_ks || in.ks == nullptr)) {
        fail(AOTGEMM_ERROR_SHAPE, "ks: has ", in.ks_count, " elements", in.ks == nullptr ? " and no address" : "",
             ", allowed are those of the groups of k_grouped");
    }
}

// True if the first letter of the layout is t, or the second n: the tensor's last two dimensions are exchanged.
struct Transposed {
    bool a, b;
};

Transposed check_layout_name(const GemmCall& call) {
    const char* given = call.given->layout != nullptr ? call.given->layout : "";
    const auto& layouts = call.form->layouts;
    for (int i = 0; i < 4 && layouts[i] != nullptr; ++i) {
        if (std::strcmp(layouts[i], given) == 0) return {given[0] == 't', given[1] == 'n'};
    }
    std::string names;
    for (int i = 0; i < 4 && layouts[i] != nullptr; ++i) {
        const bool is_last = i == 3 || layouts[i + 1] == nullptr;
        names += text(i == 0 ? "" : is_last ? " or " : ", ", layouts[i]);
    }
    fail(AOTGEMM_ERROR_LAYOUT, "layout: is '", given, "', allowed is ", names);
}

void check_factor_dtype(const GemmCall& call, const Operand& operand) {
    if (call.family->takes_fp4) return check_dtype(operand, {call.family->operands, AOTGEMM_INT8});
    check_dtype(operand, {call.family->operands});
}

void check_dtypes(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    check_factor_dtype(call, {"a", *in.a});
    if (in.sfa != nullptr) check_dtype({"sfa", *in.sfa}, {call.family->scales});
    const PrepackedForm* prepacked = call.family->prepacked_b;
    if (prepacked != nullptr) {
        check_dtype({"b", *in.b}, {prepacked->elements});
    } else {
        check_factor_dtype(call, {"b", *in.b});
    }
    if (in.sfb != nullptr) {
        check_dtype({"sfb", *in.sfb}, {prepacked != nullptr ? prepacked->scales : call.family->scales});
    }
    const auto& [first, second] = call.form->outputs;
    if (second == AOTGEMM_DTYPE_OTHER) {
        check_dtype({"d", *in.d}, {first});
    } else {
        check_dtype({"d", *in.d}, {first, second});
    }
    if (in.c != nullptr) check_dtype({"c", *in.c}, {static_cast<aotgemm_dtype>(in.d->dtype)});
}

void check_rank_of(const char* name, const aotgemm_tensor* tensor, int32_t rank) {
    if (tensor != nullptr) check_rank({name, *tensor}, rank, rank);
}

void check_ranks(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    const Grouping grouping = call.form->grouping;
    const int32_t rank_a = has_groups_of_a(grouping) ? 3 : 2, rank_b = has_groups_of_b(grouping) ? 3 : 2;
    const int32_t rank_d = has_groups_of_d(grouping) ? 3 : 2;
    check_rank_of("a", in.a, is_flat(call) ? 1 : rank_a);
    check_rank_of("sfa", in.sfa, rank_a);
    check_rank_of("b", in.b, is_flat(call) ? 1 : rank_b);
    check_rank_of("sfb", in.sfb, rank_b);
    check_rank_of("d", in.d, rank_d);
    check_rank_of("c", in.c, rank_d);
}

void check_extents_of(const char* name, const aotgemm_tensor* tensor) {
    if (tensor != nullptr) check_extents({name, *tensor});
}

// Those of flat operands are held against products of what is checked here.
void check_extents(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    if (!is_flat(call)) {
        check_extents_of("a", in.a);
        check_extents_of("b", in.b);
    }
    check_extents_of("sfa", in.sfa);
    check_extents_of("sfb", in.sfb);
    check_extents_of("d", in.d);
    check_extents_of("c", in.c);
}

void check_devices(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    const Operand a{"a", *in.a};
    check_same_device({a, {"b", *in.b}, {"d", *in.d}});
    if (in.sfa != nullptr) check_same_device({a, {"sfa", *in.sfa}, {"sfb", *in.sfb}});
    if (in.c != nullptr) check_same_device({a, {"c", *in.c}});
    if (in.index != nullptr) check_same_device({a, {group_index_name(call.form->grouping), *in.index}});
    if (in.scaled_ks != nullptr) check_same_device({a, {"scaled_ks", *in.scaled_ks}});
}

// FP4 that a form reads along K alone, and that lies along M (or N).
void check_fp4_along_k(const GemmCall& call, const char* name, const OperandView& view, Major major) {
    if (!view.is_fp4() || major == Major::by_strides || view.is_mn_major) return;
    if (view.column_stride == 1 || view.row_stride != 1) return;
    fail(AOTGEMM_ERROR_LAYOUT, name, ": elements along K are not adjacent, must be for FP4 in ", call.family->name, " ",
         grouping_name(call.form->grouping), "; transpose_packed_fp4 turns it, group by group");
}

void set_views(GemmCall& call, const Transposed& transposed) {
    const aotgemm_gemm_call& in = *call.given;
    call.d = view_of(*in.d);
    if (in.c != nullptr) call.c = view_of(*in.c);
    if (is_flat(call)) {
        const int64_t k = check_ks(call, call.form->ks_multiple);
        call.a = flat_view_of(*in.a, call.d.rows, k);
        call.b = flat_view_of(*in.b, call.d.columns, k);
    } else {
        call.a = factor_view_of(*in.a, transposed.a, call.form->major_a);
        const PrepackedForm* prepacked = call.family->prepacked_b;
        call.b = prepacked != nullptr ? packed_view_of(*in.b, prepacked->columns_of_element)
                                      : factor_view_of(*in.b, transposed.b, call.form->major_b);
    }
    check_fp4_along_k(call, "a", call.a, call.form->major_a);
    check_fp4_along_k(call, "b", call.b, call.form->major_b);
    if (in.sfa == nullptr) return;
    call.sfa = view_of(*in.sfa);
    call.sfb = view_of(*in.sfb);
}

int64_t groups_of(const GemmCall& call) {
    switch (call.form->grouping) {
        case Grouping::dense: return 1;
        case Grouping::k_grouped: return call.d.groups;
        case Grouping::batch_reduced: return call.a.groups;
        default: return call.b.groups;
    }
}

void check_groups(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    if (call.form->grouping == Grouping::batch_reduced) return check_size({"b", *in.b}, 0, call.sizes.groups, "batches of a");
    if (!has_groups_of_b(call.form->grouping)) return;
    if (has_groups_of_a(call.form->grouping)) {
        check_size({"a", *in.a}, 0, call.sizes.groups, "groups of b");
        if (in.sfa != nullptr) check_size({"sfa", *in.sfa}, 0, call.sizes.groups, "groups of b");
        check_size({"d", *in.d}, 0, call.sizes.groups, "groups of b");
    }
    if (in.sfb != nullptr) check_size({"sfb", *in.sfb}, 0, call.sizes.groups, "groups of b");
}

// Columns of A or B under one element of its scales.
int64_t columns_of_scale(const GemmCall& call, const char* name, int32_t gran_k) {
    const bool is_packed = call.family->has_packed_scales();
    if (is_packed ? gran_k == 32 || gran_k == 128 : gran_k == 0) return is_packed ? gran_k * kScalesOfWord : kScaleColumns;
    fail(AOTGEMM_ERROR_SHAPE, name, ": is ", gran_k, ", allowed is ", is_packed ? "32 or 128" : "0", " for ",
         call.family->name);
}

// Elements of a row of scales.
int64_t scales_of_k(const GemmCall& call, int64_t columns) {
    if (call.form->grouping != Grouping::k_grouped) return ceil_div(call.sizes.k, columns);
    int64_t count = 0;
    for (int32_t group = 0; group < call.given->ks_count; ++group) count += ceil_div(call.given->ks[group], columns);
    return count;
}

// How many words scaled_ks stands for is known on its device alone; for any K at all there is one.
void check_scale_words(const GemmCall& call, const Operand& scales, int64_t columns, const char* meaning) {
    const int dimension = scales.tensor.ndim - 1;
    if (call.given->scaled_ks == nullptr) return check_size(scales, dimension, scales_of_k(call, columns), meaning);
    check_words_of_scaled_ks(scales, call.sizes.k > 0 ? 1 : 0);
}

void check_scale_sizes(const GemmCall& call) {
    if (!call.family->has_scales()) return;
    const Operand sfa{"sfa", *call.given->sfa}, sfb{"sfb", *call.given->sfb};
    const int row_a = sfa.tensor.ndim - 2, row_b = sfb.tensor.ndim - 2;
    check_size(sfa, row_a, call.sizes.m, "M of a");
    if (call.family->has_packed_scales()) {
        check_scale_words(call, sfa, call.columns_of_sfa, "words of four scales of gran_k_a of K");
        check_size(sfb, row_b, call.sizes.n, "N of b");
        check_scale_words(call, sfb, call.columns_of_sfb, "words of four scales of gran_k_b of K");
        return;
    }
    const int64_t k_blocks = ceil_div(call.sizes.k, kScaleColumns);
    check_size(sfa, row_a + 1, k_blocks, "K/128 of a, rounded up");
    check_size(sfb, row_b, ceil_div(call.sizes.n, call.family->scale_rows_b),
               call.family->scale_rows_b == 1 ? "N of b" : "N/128 of b, rounded up");
    check_size(sfb, row_b + 1, k_blocks, "K/128 of b, rounded up");
}

// Which architecture it is for is asked only where it matters.
int32_t ks_multiple_of(const GemmCall& call) {
    const GemmForm& form = *call.form;
    const std::span ks(call.given->ks, static_cast<std::size_t>(call.given->ks_count));
    if (form.ks_step == 0 || std::ranges::all_of(ks, [&](int64_t k) { return k % form.ks_multiple == 0; })) {
        return form.ks_multiple;
    }
    return std::strcmp(arch_of(*call.given->d), "sm_100a") == 0 ? form.ks_step : form.ks_multiple;
}

void check_operand_sizes(const GemmCall& call, const Transposed& transposed) {
    const Operand a{"a", *call.given->a}, b{"b", *call.given->b};
    if (is_flat(call)) {
        check_size(a, 0, call.sizes.m * call.sizes.k, "rows of d times the sum of ks");
        check_size(b, 0, call.sizes.n * call.sizes.k, "rows of d times the sum of ks");
        return;
    }
    if (const PrepackedForm* prepacked = call.family->prepacked_b) {
        const int64_t columns = align_up(call.sizes.k, prepacked->block_columns);
        check_size(b, b.tensor.ndim - 1, columns / prepacked->columns_of_element, prepacked->row_length);
        return;
    }
    const bool packs_k = call.b.is_fp4() && !call.b.packs_rows();
    check_size(b, b.tensor.ndim - (transposed.b ? 2 : 1), packs_k ? call.sizes.k / call.b.packing : call.sizes.k,
               packs_k ? "half of K of a, two FP4 to a byte" : "K of a");
    if (call.form->grouping != Grouping::k_grouped) return;
    const int64_t sum = check_ks(call, ks_multiple_of(call));
    if (sum != call.sizes.k) {
        fail(AOTGEMM_ERROR_SHAPE, "ks: the sum is ", sum, ", must be ", call.sizes.k, " (K of a)");
    }
}

int64_t check_heads(const GemmCall& call) {
    const int64_t left = call.given->head_left, mid = call.given->head_mid, right = call.given->head_right;
    const auto is_sound = [](int64_t columns) { return columns >= 0 && columns <= kMostExtent && columns % 8 == 0; };
    const bool are_sound = is_sound(left) && is_sound(mid) && is_sound(right) && left + right <= kMostExtent;
    if (!are_sound || (mid > 0 && left + right == 0)) {
        fail(AOTGEMM_ERROR_SHAPE, "head_splits: are ", left, ", ", mid, ", ", right,
             ", allowed are multiples of 8, of which left or right is not 0, with a sum of both of at most ", kMostExtent);
    }
    if (mid > 0 && !call.form->takes_heads) {
        fail(AOTGEMM_ERROR_SHAPE, "head_splits: are ", left, ", ", mid, ", ", right, ", allowed is none for ",
             call.family->name, " ", grouping_name(call.form->grouping));
    }
    if (mid == 0) return call.sizes.n;
    if (call.sizes.n % (left + right) != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", call.sizes.n, ", must be a multiple of left + right of head_splits, ",
             left + right);
    }
    return call.sizes.n / (left + right) * (left + mid + right);
}

void check_output_sizes(const GemmCall& call) {
    const Operand d{"d", *call.given->d};
    const int row = d.tensor.ndim - 2;
    check_size(d, row, call.sizes.m, "M of a");
    const int64_t columns = check_heads(call);
    check_size(d, row + 1, columns,
               call.given->head_mid == 0 ? "N of b" : "N of b, and mid more for every left + right of them");
    if (call.given->c == nullptr) return;
    for (int i = 0; i < d.tensor.ndim; ++i) check_size({"c", *call.given->c}, i, d.tensor.shape[i], "as d");
}

void check_multiple(const char* name, int64_t size, int32_t of) {
    if (size % of == 0) return;
    fail(AOTGEMM_ERROR_SHAPE, name, " is ", size, ", must be a multiple of ", of, "; the nearest is ", align_up(size, of));
}

// FP4 has whole boxes along the dimension that is adjacent.
void check_multiples(const GemmCall& call) {
    const auto packs_k = [](const OperandView& view) { return view.is_fp4() && !view.packs_rows(); };
    const bool has_fp4_along_k = packs_k(call.a) || packs_k(call.b);
    if (call.a.packs_rows()) check_multiple("a: M", call.sizes.m, kFp4BoxElements);
    check_multiple("b: N", call.sizes.n, call.b.packs_rows() ? kFp4BoxElements : call.family->n_multiple);
    check_multiple("a: K", call.sizes.k, has_fp4_along_k ? kFp4BoxElements : call.family->k_multiple);
}

// An index by row names every row's group, and no tile may hold two of them.
void check_row_alignment(const GemmCall& call) {
    if (call.form->grouping != Grouping::contiguous || call.row_alignment == kRowAlignment) return;
    fail(AOTGEMM_ERROR_SHAPE, "grouped_layout: groups start at multiples of ", call.row_alignment,
         " rows (set_mk_alignment_for_contiguous_layout), allowed is ", kRowAlignment, " without use_psum_layout");
}

}  // namespace

GemmCall check_operands(const aotgemm_gemm_call& given) {
    const GemmFamily& family = find_family(given.family);
    GemmCall call{.given = &given, .family = &family, .form = &find_form(family, given.grouping)};
    call.row_alignment = settings().psum_alignment.load(std::memory_order_relaxed);
    check_presence(call);
    const Transposed transposed = check_layout_name(call);
    check_dtypes(call);
    check_ranks(call);
    check_extents(call);
    check_devices(call);
    set_views(call, transposed);
    call.columns_of_sfa = columns_of_scale(call, "gran_k_a", given.gran_k_a);
    call.columns_of_sfb = columns_of_scale(call, "gran_k_b", given.gran_k_b);
    call.sizes = {.groups = groups_of(call), .m = call.a.rows, .n = call.b.rows, .k = call.a.columns};
    check_groups(call);
    check_operand_sizes(call, transposed);
    check_scale_sizes(call);
    check_output_sizes(call);
    check_multiples(call);
    check_group_index(call);
    check_row_alignment(call);
    return call;
}

bool is_empty(const GemmCall& call) {
    const bool has_groups = call.sizes.groups > 0 || call.form->grouping == Grouping::batch_reduced;
    return call.sizes.m == 0 || call.sizes.n == 0 || !has_groups;
}

}  // namespace aotgemm
