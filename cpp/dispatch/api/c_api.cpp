// The C ABI but GEMMs, plans and CUDA: each function checks nothing itself and hands over to the file that does the work.
#include "aotgemm/aotgemm.h"

#include <algorithm>
#include <string_view>

#include "dispatch/ops/convert/cast.hpp"
#include "dispatch/runtime/cubin_store.hpp"
#include "dispatch/runtime/device.hpp"
#include "dispatch/ops/gemm/emulate.hpp"
#include "dispatch/api/launch_options.hpp"
#include "dispatch/api/required_problem.hpp"
#include "dispatch/base/extent.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/select/named_devices.hpp"
#include "dispatch/select/selection.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/pack_ue8m0.hpp"
#include "dispatch/ops/convert/transpose_sf.hpp"
#include "dispatch/ops/hc_prenorm/hc_prenorm.hpp"
#include "dispatch/ops/tcgen05_mma/tcgen05_mma.hpp"

namespace aotgemm {

std::string& last_error() {
    thread_local std::string sentence;
    return sentence;
}

}  // namespace aotgemm

using namespace aotgemm;

int32_t aotgemm_group_alignment(void) { return static_cast<int32_t>(kRowAlignment); }

aotgemm_status aotgemm_set_psum_alignment(int32_t rows) {
    return guarded([&] {
        if (rows < 1 || rows > kMostRowAlignment) {
            fail(AOTGEMM_ERROR_SHAPE, "alignment: is ", rows, ", allowed is 1 to ", kMostRowAlignment);
        }
        settings().psum_alignment = rows;
    });
}

int32_t aotgemm_get_psum_alignment(void) { return settings().psum_alignment; }

int32_t aotgemm_sf_is_aligned(const aotgemm_tensor* sf) { return sf != nullptr && sf_is_aligned(*sf) ? 1 : 0; }

aotgemm_status aotgemm_sf_to_mn_major(const aotgemm_tensor* sf, const aotgemm_tensor* out, const aotgemm_launch* launch) {
    return guarded([&] { sf_to_mn_major(required("sf", sf), required("out", out), options_of(launch)); });
}

aotgemm_status aotgemm_pack_ue8m0(const aotgemm_tensor* sf, const aotgemm_tensor* out, const aotgemm_tensor* psum_layout,
                                  int64_t rows_per_scale, const aotgemm_launch* launch) {
    return guarded([&] {
        pack_ue8m0(required("sf", sf), required("out", out), psum_layout, rows_per_scale, options_of(launch));
    });
}

aotgemm_status aotgemm_pack_ue8m0_k_grouped(const aotgemm_tensor* sf, const aotgemm_tensor* out,
                                            const aotgemm_tensor* grouped_layout, int32_t gran_k, int32_t k_alignment,
                                            int32_t use_psum, const aotgemm_launch* launch) {
    return guarded([&] {
        pack_ue8m0_k_grouped(required("sf", sf), required("out", out), required("grouped_layout", grouped_layout), gran_k,
                             k_alignment, use_psum != 0, options_of(launch));
    });
}

aotgemm_status aotgemm_cast(const aotgemm_cast_call* call, const aotgemm_launch* launch) {
    return guarded([&] { cast(required("call", call), options_of(launch)); });
}

aotgemm_status aotgemm_per_token_cast_to_fp8(const aotgemm_tensor* x, const aotgemm_tensor* q, const aotgemm_tensor* sf,
                                             int32_t use_ue8m0, const aotgemm_launch* launch) {
    const aotgemm_cast_call call{.kind = "per_token_fp8", .grouping = nullptr, .x = x, .q = q, .sf = sf, .index = nullptr,
                                 .gran_k = 128, .use_ue8m0 = use_ue8m0, .pad_exponent = 0, .limit = 0};
    return aotgemm_cast(&call, launch);
}

aotgemm_status aotgemm_per_block_cast_to_fp8(const aotgemm_tensor* x, const aotgemm_tensor* q, const aotgemm_tensor* sf,
                                             int32_t use_ue8m0, const aotgemm_launch* launch) {
    const aotgemm_cast_call call{.kind = "per_block_fp8", .grouping = nullptr, .x = x, .q = q, .sf = sf, .index = nullptr,
                                 .gran_k = 128, .use_ue8m0 = use_ue8m0, .pad_exponent = 0, .limit = 0};
    return aotgemm_cast(&call, launch);
}

aotgemm_status aotgemm_tf32_hc_prenorm_gemm(const aotgemm_tensor* a, const aotgemm_tensor* b, const aotgemm_tensor* d,
                                            const aotgemm_tensor* sqr_sum, int64_t num_splits,
                                            const aotgemm_launch* launch) {
    return guarded([&] {
        tf32_hc_prenorm_gemm(required("a", a), required("b", b), required("d", d), required("sqr_sum", sqr_sum), num_splits,
                             options_of(launch));
    });
}

aotgemm_status aotgemm_emulate_wgmma(const aotgemm_tensor* a, const aotgemm_tensor* b, const aotgemm_tensor* d,
                                     const aotgemm_launch* launch) {
    return guarded([&] { emulate_wgmma(required("a", a), required("b", b), required("d", d), options_of(launch)); });
}

aotgemm_status aotgemm_tcgen05_mma(const char* kind, const char* type_a, const aotgemm_tensor* a,
                                   const aotgemm_tensor* sfa, const char* type_b, const aotgemm_tensor* b,
                                   const aotgemm_tensor* sfb, const aotgemm_tensor* d, const aotgemm_launch* launch) {
    return guarded([&] {
        tcgen05_mma(kind, {"a", type_a, required("a", a), "sfa", sfa}, {"b", type_b, required("b", b), "sfb", sfb},
                    required("d", d), options_of(launch));
    });
}

aotgemm_status aotgemm_set_cpu_arch(const char* arch) {
    return guarded([&] {
        const char* const* known = std::ranges::find_if(kArchs, [&](const char* one) { return arch != nullptr && std::string_view(arch) == one; });
        if (known == std::end(kArchs)) {
            fail(AOTGEMM_ERROR_KERNEL_MISSING, "arch: is '", arch != nullptr ? arch : "", "', allowed is ", kArchs[0], " or ", kArchs[1]);
        }
        settings().cpu_arch = *known;
    });
}

const char* aotgemm_get_cpu_arch(void) { return settings().cpu_arch; }

aotgemm_status aotgemm_arch_of(const aotgemm_tensor* tensor, const char** arch) {
    return guarded([&] { required("arch", arch) = arch_of(required("tensor", tensor)); });
}

aotgemm_status aotgemm_check_address(const aotgemm_tensor* tensor, const char* name) {
    return guarded([&] { check_address({&required("name", name), required("tensor", tensor)}); });
}

aotgemm_status aotgemm_family_is_for(const char* family, const aotgemm_tensor* tensor, int32_t* is_for) {
    return guarded([&] {
        const char* arch = arch_of(required("tensor", tensor));
        required("is_for", is_for) = has_launcher(find_family(family), arch) || arch[0] == '\0' ? 1 : 0;
    });
}

aotgemm_status aotgemm_set_num_sms(int32_t num_sms) {
    return guarded([&] {
        if (num_sms < 0) fail(AOTGEMM_ERROR_SHAPE, "num_sms: is ", num_sms, ", allowed is a positive number, or 0 for all SMs");
        settings().num_sms = num_sms;
    });
}

int32_t aotgemm_get_num_sms(void) { return settings().num_sms; }
void aotgemm_set_pdl(int32_t enabled) { settings().pdl = enabled != 0; }
int32_t aotgemm_get_pdl(void) { return settings().pdl ? 1 : 0; }
void aotgemm_set_compile_only(int32_t enabled) { settings().compile_only = enabled != 0; }
int32_t aotgemm_get_compile_only(void) { return settings().compile_only ? 1 : 0; }

int32_t aotgemm_spec_count(void) { return kSpecCount; }
const aotgemm_spec* aotgemm_spec_at(int32_t index) { return index >= 0 && index < kSpecCount ? &kSpecs[index] : nullptr; }
int32_t aotgemm_cubin_count(void) { return kCubinCount; }
const aotgemm_cubin* aotgemm_cubin_at(int32_t index) {
    return index >= 0 && index < kCubinCount ? &kCubins[index] : nullptr;
}
const char* aotgemm_version(void) { return AOTGEMM_VERSION; }

aotgemm_status aotgemm_select(const aotgemm_problem* problem, const aotgemm_device* device, aotgemm_selection* choices,
                              int32_t capacity, int32_t* count) {
    return guarded([&] {
        const aotgemm_problem& checked = required_problem(problem);
        const aotgemm_device& on = required("device", device);
        int32_t& found = required("count", count);
        if (capacity > 0) required("choices", choices);
        if (capacity == 1) {  // as a call does it
            *choices = select_kernel(checked, on);
            found = 1;
            return;
        }
        const std::vector<aotgemm_selection> ranked = rank_kernels(checked, on);
        found = std::clamp(capacity, 0, static_cast<int32_t>(ranked.size()));
        std::copy_n(ranked.begin(), found, choices);
    });
}

aotgemm_status aotgemm_has_measured_rates(const aotgemm_device* device, int32_t* measured) {
    return guarded([&] {
        const DeviceRates rates = find_rates(required("device", device));
        required("measured", measured) = rates.measured != nullptr;
    });
}

aotgemm_status aotgemm_predict_tile(const aotgemm_spec* tile, const aotgemm_problem* problem, const aotgemm_device* device,
                                    aotgemm_tile_time* time) {
    return guarded([&] {
        const aotgemm_spec& shape = required("tile", tile);
        const aotgemm_problem& checked = required_problem(problem);
        required("time", time) = predict_tile(shape, checked, required("device", device));
    });
}

const char* aotgemm_named_device_at(int32_t index) { return named_device_at(index); }
aotgemm_status aotgemm_named_device(const char* name, aotgemm_device* device) {
    return guarded([&] { required("device", device) = named_device(&required("name", name)); });
}

const char* aotgemm_last_error(void) { return last_error().c_str(); }
