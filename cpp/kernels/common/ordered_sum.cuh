// The sum of partial sums in their order, one thread for each pair of elements. ordered_sum_params.hpp: arguments and
// launch shape. Host side: cpp/dispatch/ops/convert/ordered_sum.cpp. CPU twin:
// cpp/emulation/ops/bf16_gemm_batch_reduced.cpp.
#pragma once

#include "common/ordered_sum_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

// Loads elements `at` and `at` + 1. Out: float, or uint16_t for BF16.
template <class Out>
__device__ __forceinline__ float2 load_pair(const void* matrix, int64_t at) {
    const Out* pair = static_cast<const Out*>(matrix) + at;
    if constexpr (sizeof(Out) == 4) return *reinterpret_cast<const float2*>(pair);
    const uint32_t bits = *reinterpret_cast<const uint32_t*>(pair);
    return {__uint_as_float(bits << 16), __uint_as_float(bits & 0xFFFF0000u)};
}

template <class Out>
__device__ __forceinline__ void store_pair(void* matrix, int64_t at, float2 values) {
    Out* pair = static_cast<Out*>(matrix) + at;
    if constexpr (sizeof(Out) == 4) {
        *reinterpret_cast<float2*>(pair) = values;
    } else {
        *reinterpret_cast<uint32_t*>(pair) = ptx::pack_bf16(values.x, values.y);
    }
}

__device__ __forceinline__ float2 added(float2 one, float2 other) {
    return {__fadd_rn(one.x, other.x), __fadd_rn(one.y, other.y)};
}

template <class Out>
__device__ __forceinline__ void ordered_sum(const OrderedSumParams& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int64_t pairs_of_row = params.columns / 2, pairs = params.rows * pairs_of_row;
    const int64_t pair = int64_t{blockIdx.x} * kOrderedSumThreads + threadIdx.x;
    if (pair >= pairs) return;
    const auto* part = reinterpret_cast<const float2*>(params.parts) + pair;
    float2 sum = *part;
    // Unrolled for several loads in flight; the additions stay in order.
#pragma unroll 16
    for (int32_t i = 1; i < params.count; ++i) sum = added(sum, part[i * pairs]);
    const int64_t row = pair / pairs_of_row, column = (pair - row * pairs_of_row) * 2;
    if (params.c != nullptr) sum = added(load_pair<Out>(params.c, row * params.c_row_stride + column), sum);
    store_pair<Out>(params.d, row * params.d_row_stride + column, sum);
}

}  // namespace aotgemm
