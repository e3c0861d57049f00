// The C ABI of conversions of weights.
#include "aotgemm/convert.h"

#include "dispatch/api/launch_options.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/ops/convert/cast_dims.hpp"
#include "dispatch/ops/convert/fp4.hpp"

using namespace aotgemm;

aotgemm_status aotgemm_fp4_to_fp32(const aotgemm_tensor* packed, const aotgemm_tensor* sf, const aotgemm_tensor* out,
                                   int32_t gran_k, const aotgemm_launch* launch) {
    return guarded([&] {
        fp4_to_fp32(required("packed", packed), required("sf", sf), required("out", out), gran_k, options_of(launch));
    });
}

aotgemm_status aotgemm_transpose_fp4(const aotgemm_tensor* a, const aotgemm_tensor* out, const aotgemm_launch* launch) {
    return guarded([&] { transpose_fp4(required("a", a), required("out", out), options_of(launch)); });
}

aotgemm_status aotgemm_fp4_to_fp8(const aotgemm_tensor* weights, const aotgemm_tensor* scales, const aotgemm_tensor* q,
                                  const aotgemm_tensor* sf, const aotgemm_tensor* inexact, const aotgemm_launch* launch) {
    return guarded([&] {
        fp4_to_fp8(required("weights", weights), required("scales", scales), required("q", q), required("sf", sf),
                   required("inexact", inexact), options_of(launch));
    });
}

aotgemm_status aotgemm_cast_dims(const aotgemm_tensor* x, const aotgemm_tensor* q, const aotgemm_tensor* sf,
                                 int32_t use_ue8m0, const aotgemm_launch* launch) {
    return guarded([&] {
        cast_dims(required("x", x), required("q", q), required("sf", sf), use_ue8m0 != 0, options_of(launch));
    });
}
