#include "dispatch/ops/convert/sf_layout.hpp"

#include "dispatch/base/checks.hpp"
#include "dispatch/runtime/launch.hpp"
#include "dispatch/base/settings.hpp"
#include "kernels/common/sf_layout_params.hpp"

namespace aotgemm {
namespace {

// Scales as [groups, mn, k], a matrix being one group.
struct Scales {
    int64_t groups, mn, k;
    int64_t group_stride, mn_stride, k_stride;
};

Scales as_groups(const aotgemm_tensor& t) {
    if (t.ndim == 2) return {1, t.shape[0], t.shape[1], 0, t.stride[0], t.stride[1]};
    return {t.shape[0], t.shape[1], t.shape[2], t.stride[0], t.stride[1], t.stride[2]};
}

void copy_on_cpu(const SfLayoutParams& p) {
    for (int64_t group = 0; group < p.groups; ++group) {
        for (int64_t k = 0; k < p.k; ++k) {
            float* to = p.out + (group * p.k + k) * p.out_leading;
            const float* from = p.sf + group * p.group_stride + k * p.k_stride;
            for (int64_t mn = 0; mn < p.mn; ++mn) to[mn] = from[mn * p.mn_stride];
        }
    }
}

void copy_on_cuda(SfLayoutParams& parameters, int32_t ordinal, void* stream) {
    const int64_t blocks = sf_layout_blocks(parameters);
    if (blocks > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "sf: needs ", blocks, " thread blocks, allowed is at most ", INT32_MAX);
    }
    const CudaDevice& device = cuda_device(ordinal);
    const ContextScope scope(device);
    launch(device, find_conversion(device.description, "transpose_sf_fp32"),
           {static_cast<uint32_t>(blocks), kSfLayoutThreads}, stream, &parameters);
}

}  // namespace

bool sf_is_aligned(const aotgemm_tensor& sf) {
    if (sf.dtype != AOTGEMM_FP32 || (sf.ndim != 2 && sf.ndim != 3)) return false;
    const Scales in = as_groups(sf);
    const int64_t leading = align_up(in.mn, 4);
    return in.mn_stride == 1 && in.k_stride == leading && (sf.ndim == 2 || in.group_stride == leading * in.k) &&
           reinterpret_cast<uintptr_t>(sf.data) % 16 == 0;
}

void sf_to_mn_major(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_launch& how) {
    const Operand source{"sf", sf}, target{"out", out};
    check_dtype(source, {AOTGEMM_FP32});
    check_dtype(target, {AOTGEMM_FP32});
    check_rank(source, 2, 3);
    check_rank(target, sf.ndim, sf.ndim);
    check_same_device({source, target});
    for (int i = 0; i < sf.ndim; ++i) check_size(target, i, sf.shape[i], "as in sf");
    const Scales in = as_groups(sf);
    if (in.groups == 0 || in.mn == 0 || in.k == 0) return;
    if (!sf_is_aligned(out)) {
        fail(AOTGEMM_ERROR_LAYOUT, "out: must have strides ([", align_up(in.mn, 4) * in.k, ", ]1, ", align_up(in.mn, 4),
             ") and 16-byte aligned data");
    }
    SfLayoutParams parameters{static_cast<const float*>(sf.data), static_cast<float*>(out.data),
                              in.groups, in.mn, in.k, in.group_stride, in.mn_stride, in.k_stride, align_up(in.mn, 4)};
    if (sf.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) copy_on_cpu(parameters);
    } else {
        copy_on_cuda(parameters, sf.device_id, how.stream);
    }
}

}  // namespace aotgemm
