// Casts to FP8 E4M3 with a scale for each index of some dimensions, a warp for each. Host side:
// cpp/dispatch/ops/convert/cast_dims.cpp. CPU twin: cpp/emulation/ops/cast_dims.cpp.
#pragma once

#include "common/block_scale.cuh"
#include "common/cast_dims_params.hpp"
#include "common/cast_format.cuh"
#include "ptx/block.cuh"

namespace aotgemm {

__device__ __forceinline__ float value_of(float value) { return value; }
__device__ __forceinline__ float value_of(Bf16 value) { return __uint_as_float(uint32_t{value.bits} << 16); }

// Input is Bf16 or float.
template <class Input>
__device__ __forceinline__ void cast_dims(const CastDimsParams& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int64_t scale_index = static_cast<int64_t>(blockIdx.x) * kCastDimsWarps + threadIdx.x / 32;
    if (scale_index >= params.scales) return;
    const PlaceOfCast first = place_in(params.kept, scale_index);
    const Input* x = static_cast<const Input*>(params.x) + first.x;
    uint32_t largest = 0;
    for (int64_t i = lane; i < params.elements; i += 32)
        largest = max(largest, __float_as_uint(value_of(x[place_in(params.others, i).x])) & 0x7FFFFFFFu);
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2)
        largest = max(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, distance));
    const float scale = block_scale(largest, Fp8::kLargest, params.use_ue8m0 != 0);
    const float inverse = __fdiv_rn(1.0f, scale);
    if (lane == 0) params.sf[first.sf] = scale;
    for (int64_t i = lane; i < params.elements; i += 32) {
        const PlaceOfCast place = place_in(params.others, i);
        params.q[first.q + place.q] = static_cast<uint8_t>(fp8_pair(__fmul_rn(value_of(x[place.x]), inverse), 0.0f));
    }
}

}  // namespace aotgemm
