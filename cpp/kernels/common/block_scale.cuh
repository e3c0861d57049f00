// The scale of a block from its largest magnitude, and codes of FP8 E4M3. CPU twin: cpp/emulation/core/quantization.hpp.
#pragma once

#include <cstdint>

namespace aotgemm {

// amax_bits: the largest |x| as bits. Magnitudes have the order of their bits, and a NaN's bits are above all others,
// so an integer maximum propagates NaN. largest: of the format.
__device__ __forceinline__ float block_scale(uint32_t amax_bits, float largest, bool use_ue8m0) {
    constexpr uint32_t kInfinityBits = 0x7F800000u, kCanonicalNan = 0x7FFFFFFFu, kMantissaMask = 0x007FFFFFu;
    if (amax_bits > kInfinityBits) return __uint_as_float(kCanonicalNan);
    const float scale = __fdiv_rn(fmaxf(__uint_as_float(amax_bits), 1e-4f), largest);
    if (!use_ue8m0) return scale;
    return __uint_as_float((__float_as_uint(scale) + kMantissaMask) & ~kMantissaMask);
}

// Two E4M3 codes, the first in the low byte: round to nearest even, saturating at 448, NaN to 0x7F.
__device__ __forceinline__ uint32_t fp8_pair(float low, float high) {
    uint16_t codes;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(codes) : "f"(high), "f"(low));
    return codes;
}

}  // namespace aotgemm
