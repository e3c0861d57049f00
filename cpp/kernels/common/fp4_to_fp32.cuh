// Packed FP4 times its scales, in FP32: a thread for each byte. Host side: cpp/dispatch/ops/convert/fp4_to_fp32.cpp. CPU
// twin: cpp/emulation/ops/fp4_to_fp32.cpp.
#pragma once

#include "common/fp4_to_fp32_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

__device__ __forceinline__ float fp4_scaled(uint32_t code, float scale) {
    const float product = __fmul_rn(__uint_as_float(fp4_bits(code)), scale);
    return __uint_as_float(with_one_nan(__float_as_uint(product)));
}

__device__ __forceinline__ void fp4_to_fp32(const Fp4ToFp32Params& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int64_t index = static_cast<int64_t>(blockIdx.x) * kFp4ToFp32Threads + threadIdx.x;
    if (index >= params.rows * params.bytes) return;
    const int64_t row = index / params.bytes, byte = index % params.bytes;
    const uint32_t codes = params.packed[row * params.packed_row_stride + byte];
    const float scale = __uint_as_float(scale_bits(params, row, byte * 2));  // both columns have it: gran is even
    float* out = params.out + row * params.out_row_stride + byte * 2;
    out[0] = fp4_scaled(fp4_of_byte(codes, 0), scale);
    out[1] = fp4_scaled(fp4_of_byte(codes, 1), scale);
}

}  // namespace aotgemm
