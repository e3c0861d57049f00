// Bit-level conversions shared by the emulated families.
#pragma once

#include <bit>
#include <cstdint>

namespace aotgemm::emulation {

// What the GPU writes for any NaN: FP32 arithmetic and cvt.rn.bf16x2.f32 both return the format's all-ones NaN.
inline constexpr std::uint32_t kCanonicalNan = 0x7FFFFFFFu;
inline constexpr std::uint32_t kCanonicalTf32Nan = 0x7FFFE000u;
inline constexpr std::uint16_t kCanonicalBf16Nan = 0x7FFFu;
inline constexpr std::uint8_t kCanonicalFp8Nan = 0x7Fu;

inline float canonical_nan() { return std::bit_cast<float>(kCanonicalNan); }

// Round to nearest even; overflow goes to infinity.
inline std::uint16_t bf16_from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return kCanonicalBf16Nan;
    return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16);
}

// FP32 rounded to nearest even in TF32, as FP32 bits: 10 bits of fraction, the other 13 zero. Overflow goes to infinity.
// cvt.rn.tf32.f32 and TMA loads through a map of type TFLOAT32 both do so (H200, 2026-11-28: 1,048,576 numbers, ties and
// subnormals and NaN among them, 0 differing).
inline std::uint32_t tf32_from_float(std::uint32_t bits) {
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return kCanonicalTf32Nan;
    return (bits + 0xFFFu + ((bits >> 13) & 1)) & ~0x1FFFu;
}

inline float float_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

constexpr bool is_fp8_nan(std::uint8_t code) { return (code & 0x7F) == 0x7F; }

}  // namespace aotgemm::emulation
