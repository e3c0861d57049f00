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
    __device__ __forceinline__ void values(float (&to)[kElements], float limit) const {
        static_for<kElements>([&](auto i) { to[i] = slice.template element<i>(); });
    }
    // Bits of the largest magnitude of its values.
    __device__ __forceinline__ uint32_t largest(const float (&)[kElements]) const { return slice.largest(); }
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
    // Where a gate of the slice is far, all of its elements are computed once more.
    __device__ __forceinline__ void values(float (&to)[kElements], float limit) const {
        const bool has_limit = __float_as_uint(limit) != 0x7F800000u;  // not infinity
        if (has_limit ? values_of_near<true>(to, limit) : values_of_near<false>(to, limit)) return;
        static_for<kElements>(
            [&](auto i) { to[i] = silu_mul(gate.template element<i>(), up.template element<i>(), limit); });
    }
    __device__ __forceinline__ uint32_t largest(const float (&values)[kElements]) const {
        uint32_t most = 0;
        static_for<kElements>([&](auto i) { most = max(most, __float_as_uint(values[i]) & 0x7FFFFFFFu); });
        return most;
    }

private:
    // Whether all gates are near.
    template <bool kHasLimit>
    __device__ __forceinline__ bool values_of_near(float (&to)[kElements], float limit) const {
        bool all_near = true;
        static_for<kElements>([&](auto i) {
            const float own = gate.template element<i>();
            all_near &= is_near(own);
            to[i] = silu_mul_near<kHasLimit>(own, up.template element<i>(), limit);
        });
        return all_near;
    }
};

}  // namespace aotgemm
