// cvt between integers, and between FP32, BF16, FP16, TF32 and E4M3.
#include <algorithm>
#include <bit>
#include <cmath>

#include "emulation/core/formats.hpp"
#include "ptx_machine/ops/half_float.hpp"
#include "ptx_machine/ops/lanewise.hpp"

namespace aotgemm::ptx_machine {
namespace {

template <class To>
struct Convert {
    template <class From>
    static To of(From value) {
        return static_cast<To>(value);
    }
};

// The first operand goes to the high half.
struct ToBf16Pair {
    static std::uint32_t of(float high, float low) {
        return std::uint32_t{emulation::bf16_from_float(high)} << 16 | emulation::bf16_from_float(low);
    }
};

struct ToTf32 {
    static std::uint32_t of(std::uint32_t bits) { return emulation::tf32_from_float(bits); }
};

// Round to nearest even, above 448 saturating; any NaN gives 0x7F. Without branches, for the compiler to vectorise.
std::uint8_t e4m3_from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const float magnitude = std::min(std::bit_cast<float>(bits & 0x7FFFFFFF), 448.0f);
    const int exponent = std::max(static_cast<int>(std::bit_cast<std::uint32_t>(magnitude) >> 23) - 127, -6);
    // In units of 2^(exponent - 3), the spacing of E4M3 there; the product is exact.
    const float units =
        std::nearbyint(magnitude * std::bit_cast<float>(static_cast<std::uint32_t>(127 + 3 - exponent) << 23));
    // 16 units are the next power of 2: the carry into the exponent field is what the addition does.
    const int code = ((exponent + 6) << 3) + static_cast<int>(units);
    return value != value ? emulation::kCanonicalFp8Nan : static_cast<std::uint8_t>(code | (bits >> 24 & 0x80));
}

struct ToE4m3Pair {
    static std::uint16_t of(float high, float low) {
        return static_cast<std::uint16_t>(e4m3_from_float(high) << 8 | e4m3_from_float(low));
    }
};

struct FromBf16 {
    static float of(std::uint16_t bits) { return emulation::float_from_bf16(bits); }
};
struct ToBf16 {
    static std::uint16_t of(float value) { return emulation::bf16_from_float(value); }
};
struct FromFp16 {
    static float of(std::uint16_t bits) { return float_from_fp16(bits); }
};
struct ToFp16 {
    static std::uint16_t of(float value) { return fp16_from_float(value); }
};
struct ToFp16Pair {
    static std::uint32_t of(float high, float low) {
        return std::uint32_t{fp16_from_float(high)} << 16 | fp16_from_float(low);
    }
};

// Every E4M3 number is one of FP16.
std::uint16_t fp16_from_e4m3(std::uint8_t code) {
    if (emulation::is_fp8_nan(code)) return kCanonicalFp16Nan;
    const int exponent = code >> 3 & 15, fraction = code & 7;
    const float magnitude =
        exponent == 0 ? std::ldexp(static_cast<float>(fraction), -9) : std::ldexp(8.0f + fraction, exponent - 10);
    return fp16_from_float((code & 0x80) != 0 ? -magnitude : magnitude);
}

struct E4m3PairToFp16 {
    static std::uint32_t of(std::uint16_t codes) {
        return std::uint32_t{fp16_from_e4m3(static_cast<std::uint8_t>(codes >> 8))} << 16 |
               fp16_from_e4m3(static_cast<std::uint8_t>(codes));
    }
};
struct Fp16PairToE4m3 {
    static std::uint16_t of(std::uint32_t pair) {
        return ToE4m3Pair::of(float_from_fp16(static_cast<std::uint16_t>(pair >> 16)),
                              float_from_fp16(static_cast<std::uint16_t>(pair)));
    }
};

template <class To, class From>
void add_convert(OpcodeTable& table, const std::string& to, const std::string& from) {
    add_lanewise(table, "cvt." + to + "." + from, letters<To, From>(), unary<To, From, Convert<To>>);
}

template <class To>
void add_converts_to(OpcodeTable& table, const std::string& to) {
    add_convert<To, std::int16_t>(table, to, "s16");
    add_convert<To, std::uint16_t>(table, to, "u16");
    add_convert<To, std::int32_t>(table, to, "s32");
    add_convert<To, std::uint32_t>(table, to, "u32");
    add_convert<To, std::int64_t>(table, to, "s64");
    add_convert<To, std::uint64_t>(table, to, "u64");
}

}  // namespace

void add_conversion_opcodes(OpcodeTable& table) {
    add_converts_to<std::int16_t>(table, "s16");
    add_converts_to<std::uint16_t>(table, "u16");
    add_converts_to<std::int32_t>(table, "s32");
    add_converts_to<std::uint32_t>(table, "u32");
    add_converts_to<std::int64_t>(table, "s64");
    add_converts_to<std::uint64_t>(table, "u64");
    add_lanewise(table, "cvt.rn.bf16x2.f32", "www", binary<std::uint32_t, float, float, ToBf16Pair>);
    add_lanewise(table, "cvt.rn.f16x2.f32", "www", binary<std::uint32_t, float, float, ToFp16Pair>);
    add_lanewise(table, "cvt.f32.bf16", "wh", unary<float, std::uint16_t, FromBf16>);
    add_lanewise(table, "cvt.rn.bf16.f32", "hw", unary<std::uint16_t, float, ToBf16>);
    add_lanewise(table, "cvt.f32.f16", "wh", unary<float, std::uint16_t, FromFp16>);
    add_lanewise(table, "cvt.rn.f16.f32", "hw", unary<std::uint16_t, float, ToFp16>);
    add_lanewise(table, "cvt.rn.f16x2.e4m3x2", "wh", unary<std::uint32_t, std::uint16_t, E4m3PairToFp16>);
    add_lanewise(table, "cvt.rn.satfinite.e4m3x2.f16x2", "hw", unary<std::uint16_t, std::uint32_t, Fp16PairToE4m3>);
    add_lanewise(table, "cvt.rn.tf32.f32", "ww", unary<std::uint32_t, std::uint32_t, ToTf32>);
    add_lanewise(table, "cvt.rn.satfinite.e4m3x2.f32", "hww", binary<std::uint16_t, float, float, ToE4m3Pair>);
}

}  // namespace aotgemm::ptx_machine
