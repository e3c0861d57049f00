// What a GEMM family is to the host, and what it takes in each grouping. families/NAME.cpp states each.
#pragma once

#include <span>

#include "dispatch/ops/gemm/backends.hpp"

namespace aotgemm {

// Columns of A and B under one scale.
inline constexpr int64_t kScaleColumns = 128;
// Packed scales in a word.
inline constexpr int32_t kScalesOfWord = 4;

// A family in one grouping.
struct GemmForm {
    Grouping grouping = Grouping::dense;
    const char* layouts[4];      // allowed, the rest null
    aotgemm_dtype outputs[2];    // of D, the rest AOTGEMM_DTYPE_OTHER
    Major major_a = Major::as_given, major_b = Major::as_given;
    bool takes_c = false, takes_heads = false;
    int32_t ks_multiple = 1;     // of K per group: a stage of the kernels must not hold two groups
    int32_t ks_step = 0;         // the same on sm_100a where its kernels end a group inside a stage; 0: ks_multiple
    bool is_by_group = false;    // a dense GEMM for each group, launched one after the other
};

// The form in another grouping.
constexpr GemmForm in(Grouping grouping, GemmForm form) {
    form.grouping = grouping;
    return form;
}

// A form that weights are packed into before the call. Scales lie as those of A do.
struct PrepackedForm {
    aotgemm_dtype elements, scales;
    int32_t columns_of_element;  // along K
    int32_t block_columns;       // a row is whole blocks of so many columns of K
    const char* row_length;      // of stored elements, as an error says it
};

struct GemmFamily {
    const char* name;
    aotgemm_dtype operands;       // of A and B
    bool takes_fp4 = false;       // in the place of either
    const PrepackedForm* prepacked_b = nullptr;  // of B and its scales; null: B is an operand like A
    aotgemm_dtype scales = AOTGEMM_FP32;  // or int32: four UE8M0 in a word, for gran_k_a and gran_k_b of K each
    int32_t scale_rows_a, scale_rows_b;  // rows under one scale; 0: there are no scales
    int32_t n_multiple, k_multiple;
    int64_t k_of_nothing;         // what K = 0 counts as in the selection and in a plan: the epilogue remains
    std::span<const GemmForm> forms;
    CpuBackend* run_on_cpu;
    std::span<const ArchLauncher> launchers;  // one an architecture

    bool has_scales() const { return scale_rows_a > 0; }
    bool has_packed_scales() const { return has_scales() && scales == AOTGEMM_INT32; }
};

// Every family that has groupings, in the order of the library's tables. Defined in the generated gemm_families.cpp.
extern const GemmFamily* const kGemmFamilies[];
extern const std::size_t kGemmFamilyCount;

// Fail with AOTGEMM_ERROR_KERNEL_MISSING for a name that is not in the table.
const GemmFamily& find_family(const char* name);
const GemmForm& find_form(const GemmFamily& family, const char* grouping);

const GemmForm& form_of(const GemmFamily& family, Grouping grouping);
GemmLauncher& launcher_of(const GemmFamily& family, const char* arch);
bool has_launcher(const GemmFamily& family, const char* arch);

}  // namespace aotgemm
