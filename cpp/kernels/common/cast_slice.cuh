// 16 bytes of one row, held by a thread: what every cast loads.
#pragma once

#include <cstdint>

#include "common/bf16.hpp"
#include "common/static_for.cuh"
#include "ptx/integer.cuh"

namespace aotgemm {

inline constexpr int kSliceBytes = 16;

// Input is Bf16 or float.
template <class Input>
struct CastSlice {
    static constexpr int kElements = kSliceBytes / sizeof(Input);
    static constexpr int kWords = kSliceBytes / 4;
    alignas(kSliceBytes) uint32_t words[kWords];

    template <int kIndex>
    __device__ __forceinline__ float element() const {
        if constexpr (sizeof(Input) == 4) return __uint_as_float(words[kIndex]);
        return __uint_as_float(kIndex % 2 ? words[kIndex / 2] & 0xFFFF0000u : words[kIndex / 2] << 16);
    }

    // The largest magnitude as bits of FP32, which have the order of the magnitudes. Of BF16, two at a time.
    __device__ __forceinline__ uint32_t largest() const {
        constexpr uint32_t kMagnitudes = sizeof(Input) == 4 ? 0x7FFFFFFFu : 0x7FFF7FFFu;
        uint32_t most = words[0] & kMagnitudes;
        static_for<kWords - 1>([&](auto i) {
            const uint32_t magnitudes = words[i + 1] & kMagnitudes;
            most = sizeof(Input) == 4 ? max(most, magnitudes) : ptx::max_u16x2(most, magnitudes);
        });
        return sizeof(Input) == 4 ? most : max(most & 0xFFFF0000u, most << 16);
    }

    // The element must be zero.
    template <int kIndex>
    __device__ __forceinline__ void set_element(Input value) {
        if constexpr (sizeof(Input) == 4) {
            words[kIndex] = __float_as_uint(value);
        } else {
            words[kIndex / 2] |= uint32_t{value.bits} << (kIndex % 2 * 16);
        }
    }
};

// Loads a slice that begins at `x`, of which `count` elements lie in the row: the others are zero, which does not change
// a largest magnitude. kWhole: x is a multiple of 16 bytes, and count is either all or none.
template <class Input, bool kWhole>
__device__ __forceinline__ CastSlice<Input> load_slice(const Input* x, int64_t count) {
    CastSlice<Input> slice = {};
    if (count <= 0) return slice;
    if constexpr (kWhole) {
        *reinterpret_cast<uint4*>(slice.words) = *reinterpret_cast<const uint4*>(x);
    } else {
        static_for<CastSlice<Input>::kElements>([&](auto i) {
            if (i < count) slice.template set_element<i>(x[i]);
        });
    }
    return slice;
}

// Stores the first `count` of kBytes bytes of codes. kWhole: q is a multiple of kBytes, and count is all or none.
template <int kBytes, bool kWhole>
__device__ __forceinline__ void store_codes(uint8_t* q, const uint32_t (&codes)[(kBytes + 3) / 4], int64_t count) {
    if (count <= 0) return;
    if constexpr (kWhole && kBytes == 8) {
        *reinterpret_cast<uint2*>(q) = make_uint2(codes[0], codes[1]);
    } else if constexpr (kWhole && kBytes == 4) {
        *reinterpret_cast<uint32_t*>(q) = codes[0];
    } else if constexpr (kWhole) {
        static_assert(kBytes == 2);
        *reinterpret_cast<uint16_t*>(q) = static_cast<uint16_t>(codes[0]);
    } else {
#pragma unroll
        for (int i = 0; i < kBytes; ++i)
            if (i < count) q[i] = static_cast<uint8_t>(codes[i / 4] >> (i % 4 * 8));
    }
}

}  // namespace aotgemm
