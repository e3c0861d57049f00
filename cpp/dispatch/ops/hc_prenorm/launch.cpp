#include "dispatch/ops/hc_prenorm/launch.hpp"

#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm {
namespace {

using sm90::HcPrenormParams;
using sm90::kPrenormBlockK;
using sm90::kPrenormColumnStep;
using sm90::kPrenormWarpRows;

Conversion& kernel_of(int64_t columns) {
    static Conversion kernels[] = {Conversion{"tf32_hc_prenorm_gemm_n8"}, Conversion{"tf32_hc_prenorm_gemm_n16"},
                                   Conversion{"tf32_hc_prenorm_gemm_n24"}, Conversion{"tf32_hc_prenorm_gemm_n32"}};
    return kernels[columns / kPrenormColumnStep - 1];
}

}  // namespace

int32_t hc_prenorm_sms(const CudaDevice& device) {
    const int32_t all = device.description.num_sms, wanted = settings().num_sms.load(std::memory_order_relaxed);
    return wanted > 0 ? std::min(wanted, all) : all;
}

HcPrenormParams hc_prenorm_params(const HcPrenormCall& call, int32_t tile_rows) {
    HcPrenormParams out{};
    out.tile_rows = tile_rows;
    out.tiles = static_cast<int32_t>(ceil_div(call.m, out.tile_rows));
    out.splits = static_cast<int32_t>(call.splits);
    out.m = static_cast<int32_t>(call.m);
    out.k_blocks = static_cast<int32_t>(call.k / kPrenormBlockK);
    out.b = static_cast<const float*>(call.b.data);
    out.b_row_stride = call.b.stride[0];
    out.d = static_cast<float*>(call.d.data);
    out.d_row_stride = call.d_row_stride;
    out.d_split_stride = call.d_split_stride;
    out.sqr_sum = static_cast<float*>(call.sqr_sum.data);
    if (out.k_blocks == 0) return out;
    // A lone row may have any stride, which the TMA would still look at.
    const int64_t row_stride = call.m > 1 ? call.a.stride[0] : call.k;
    out.a = tensor_map({.data = call.a.data,
                        .columns = call.k,
                        .rows = call.m,
                        .row_bytes = row_stride * 2,
                        .box_columns = kPrenormBlockK,
                        .box_rows = out.tile_rows,
                        .type = CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                        .swizzle = CU_TENSOR_MAP_SWIZZLE_128B});
    return out;
}

void check_hc_prenorm_limits(const HcPrenormCall& call) {
    const int64_t items = ceil_div(call.m, kPrenormWarpRows) * call.splits;
    if (call.m > INT32_MAX || call.splits > INT32_MAX || items > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "num_splits: ", call.splits, " splits of ", call.m, " rows are ", items,
             " pieces of work, allowed is at most ", INT32_MAX);
    }
}

void launch_hc_prenorm_kernel(int64_t columns, const CudaDevice& device, const LaunchShape& shape, void* stream,
                              void* parameters) {
    launch(device, kernel_of(columns).cubin_for(device), shape, stream, parameters);
}

}  // namespace aotgemm
