#include "dispatch/ops/convert/cast_dims.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "emulation/ops/cast_dims.hpp"

namespace aotgemm {
namespace {

void check(const Operand& x, const Operand& q, const Operand& sf) {
    check_dtype(x, {AOTGEMM_BF16, AOTGEMM_FP32});
    check_dtype(q, {AOTGEMM_FP8_E4M3});
    check_dtype(sf, {AOTGEMM_FP32});
    const int32_t rank = x.tensor.ndim;
    check_rank(x, 1, kCastDims);
    for (const Operand& operand : {q, sf}) check_rank(operand, rank, rank);
    check_same_device({x, q, sf});
    check_extents(x);
    for (int i = 0; i < rank; ++i) {
        check_size(q, i, x.tensor.shape[i], "as in x");
        if (sf.tensor.shape[i] != 1) check_size(sf, i, x.tensor.shape[i], "as in x, or 1");
    }
}

struct Split {
    DimsOfCast dims;
    int64_t count;  // of combinations
};

// The dimensions that sf has, or the others.
Split dims_of(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, bool kept) {
    Split split{{{1, 1, 1, 1}, {}, {}, {}}, 1};
    for (int i = 0; i < x.ndim; ++i) {
        if ((sf.shape[i] == x.shape[i]) != kept) continue;
        split.dims.size[i] = x.shape[i];
        split.dims.x_stride[i] = x.stride[i];
        split.dims.q_stride[i] = q.stride[i];
        split.dims.sf_stride[i] = kept ? sf.stride[i] : 0;
        const std::optional<int64_t> count = checked_product({split.count, x.shape[i]});
        if (!count) fail(AOTGEMM_ERROR_SHAPE, "x: has more than 2^63 elements");
        split.count = *count;
    }
    return split;
}

}  // namespace

void cast_dims(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, bool use_ue8m0,
               const aotgemm_launch& options) {
    const Operand from{"x", x}, codes{"q", q}, scales{"sf", sf};
    check(from, codes, scales);
    if (is_empty(sf)) return;
    check_call_memory({scales, codes}, {from});
    const Split kept = dims_of(x, q, sf, true), others = dims_of(x, q, sf, false);
    CastDimsParams parameters{.x = x.data,
                              .q = static_cast<uint8_t*>(q.data),
                              .sf = static_cast<float*>(sf.data),
                              .kept = kept.dims,
                              .others = others.dims,
                              .scales = kept.count,
                              .elements = others.count,
                              .use_ue8m0 = use_ue8m0 ? 1 : 0};
    const bool is_bf16 = x.dtype == AOTGEMM_BF16;
    const uint32_t grid = checked_grid("x", cast_dims_blocks(parameters));
    if (x.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) emulation::cast_dims(parameters, is_bf16, options.cpu_threads);
        return;
    }
    static Conversion of_bf16{"cast_fp8_dims_bf16"}, of_fp32{"cast_fp8_dims_fp32"};
    launch_blocks(is_bf16 ? of_bf16 : of_fp32, grid, kCastDimsThreads, parameters, x.device_id, options);
}

}  // namespace aotgemm
