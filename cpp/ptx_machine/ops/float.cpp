// FP32 arithmetic, round to nearest even. Any NaN that arithmetic gives is 0x7FFFFFFF, as on the GPU.
#include <algorithm>
#include <bit>
#include <cmath>

#include "emulation/core/formats.hpp"
#include "ptx_machine/ops/lanewise.hpp"

namespace aotgemm::ptx_machine {
namespace {

float canonical(float value) { return value != value ? std::bit_cast<float>(emulation::kCanonicalNan) : value; }

struct Add {
    static float of(float a, float b) { return canonical(a + b); }
};
// Toward +infinity: the sum to nearest, or its neighbour above where that is too small; FP64 holds what is lost.
struct AddUp {
    static float of(float a, float b) {
        const float nearest = a + b;
        const double whole = nearest, part = whole - a;
        const double lost = (a - (whole - part)) + (b - part);
        return canonical(lost > 0 ? std::nextafter(nearest, HUGE_VALF) : nearest);
    }
};
struct Subtract {
    static float of(float a, float b) { return canonical(a - b); }
};
struct Multiply {
    static float of(float a, float b) { return canonical(a * b); }
};
// Toward +infinity. FP64 holds the product of two FP32 numbers.
struct MultiplyUp {
    static float of(float a, float b) {
        const double exact = double{a} * b;
        const auto nearest = static_cast<float>(exact);
        return canonical(nearest < exact ? std::nextafter(nearest, HUGE_VALF) : nearest);
    }
};
struct MultiplyAdd {
    static float of(float a, float b, float c) { return canonical(__builtin_fmaf(a, b, c)); }
};
struct Divide {
    static float of(float a, float b) { return canonical(a / b); }
};
struct Reciprocal {
    static float of(float a) { return canonical(1 / a); }
};
// Any result within a unit in the last place is one (PTX ISA): of the two neighbours of the reciprocal it is the farther,
// so that no kernel can rest on the nearer; but the upper for a mantissa of ones, see ptx/float.cuh. Subnormal numbers
// count and leave as zeros.
struct ReciprocalGuess {
    static float of(float a) {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(a), mantissa = bits & 0x7FFFFFu;
        const float nearest = 1 / flushed(a), error = __builtin_fmaf(-a, nearest, 1.0f);
        if (!std::isnormal(nearest) || !std::isnormal(a)) return canonical(flushed(nearest));
        if (error == 0 || mantissa == 0x7FFFFFu) return nearest;
        // a * nearest below 1: the reciprocal lies farther from zero.
        return flushed(std::nextafter(nearest, error > 0 ? std::copysign(HUGE_VALF, a) : 0.0f));
    }
    static float flushed(float a) { return std::fpclassify(a) == FP_SUBNORMAL ? std::copysign(0.0f, a) : a; }
};
// The other operand where one is NaN; -0 is below +0.
struct Maximum {
    static float of(float a, float b) {
        if (a != a) return canonical(b);
        if (b != b) return a;
        return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
    }
};
struct Minimum {
    static float of(float a, float b) {
        if (a != a) return canonical(b);
        if (b != b) return a;
        return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
    }
};
// NaN where either operand is one.
struct MaximumNan {
    static float of(float a, float b) { return a != a || b != b ? canonical(a + b) : Maximum::of(a, b); }
};
struct MinimumNan {
    static float of(float a, float b) { return a != a || b != b ? canonical(a + b) : Minimum::of(a, b); }
};
// Two FP32 numbers in 64 bits, each computed on its own.
template <class F>
struct Both {
    template <class... Pairs>
    static std::uint64_t of(Pairs... pairs) {
        const auto half = [](std::uint64_t pair, int shift) {
            return std::bit_cast<float>(static_cast<std::uint32_t>(pair >> shift));
        };
        const auto result = [&](int shift) {
            return std::uint64_t{std::bit_cast<std::uint32_t>(F::of(half(pairs, shift)...))} << shift;
        };
        return result(0) | result(32);
    }
};
struct Negate {
    static float of(float a) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(a) ^ 0x80000000u); }
};
struct Absolute {
    static float of(float a) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(a) & 0x7FFFFFFFu); }
};

}  // namespace

// Without ".rn" ptxas may fuse a product and a sum. Kernels of this library write ".rn" where a sum follows a product.
void add_float_opcodes(OpcodeTable& table) {
    for (const char* rounding : {"", ".rn"}) {
        const std::string type = std::string(rounding) + ".f32";
        add_binary<Add, float>(table, "add" + type);
        add_binary<Subtract, float>(table, "sub" + type);
        add_binary<Multiply, float>(table, "mul" + type);
    }
    add_ternary<MultiplyAdd, float>(table, "fma.rn.f32");
    add_binary<Divide, float>(table, "div.rn.f32");
    add_unary<Reciprocal, float>(table, "rcp.rn.f32");
    add_unary<ReciprocalGuess, float>(table, "rcp.approx.ftz.f32");
    add_binary<AddUp, float>(table, "add.rp.f32");
    add_binary<MultiplyUp, float>(table, "mul.rp.f32");
    add_binary<Maximum, float>(table, "max.f32");
    add_binary<Minimum, float>(table, "min.f32");
    add_binary<MaximumNan, float>(table, "max.NaN.f32");
    add_binary<MinimumNan, float>(table, "min.NaN.f32");
    add_binary<Both<Add>, std::uint64_t>(table, "add.rn.f32x2");
    add_binary<Both<Multiply>, std::uint64_t>(table, "mul.rn.f32x2");
    add_ternary<Both<MultiplyAdd>, std::uint64_t>(table, "fma.rn.f32x2");
    add_unary<Negate, float>(table, "neg.f32");
    add_unary<Absolute, float>(table, "abs.f32");
}

}  // namespace aotgemm::ptx_machine
