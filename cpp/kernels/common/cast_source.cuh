// What a cast reads: a matrix, or SwiGLU of one that holds gate and up side by side.
#pragma once

#include "common/cast_slice.cuh"
#include "common/silu.cuh"

namespace aotgemm {

// x [rows, columns] of Bf16 or float.
template <class InputType>
struct MatrixSource {
    using Input = InputType;
    static constexpr bool kIsSiluMul = false;
    static constexpr int kElements = CastSlice<Input>::kElements;
    CastSlice<Input> slice;

    // x: of the row's slice; columns: of the result.
    template <bool kWhole>
    __device__ __forceinline__ void load(const Input* x, int64_t count, int64_t columns) {
        slice = load_slice<Input, kWhole>(x, count);
    }
    template <int kIndex>
    __device__ __forceinline__ float value(float limit) const {
        return slice.template element<kIndex>();
    }
};

// x [rows, 2 * columns] of Bf16, gate in front of up: silu(gate) * up.
struct SiluMulSource {
    using Input = Bf16;
    static constexpr bool kIsSiluMul = true;
    static constexpr int kElements = CastSlice<Bf16>::kElements;
    CastSlice<Bf16> gate, up;

    template <bool kWhole>
    __device__ __forceinline__ void load(const Bf16* x, int64_t count, int64_t columns) {
        gate = load_slice<Bf16, kWhole>(x, count);
        up = load_slice<Bf16, kWhole>(x + columns, count);
    }
    template <int kIndex>
    __device__ __forceinline__ float value(float limit) const {
        return silu_mul(gate.template element<kIndex>(), up.template element<kIndex>(), limit);
    }
};

}  // namespace aotgemm
