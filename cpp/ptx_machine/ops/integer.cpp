// Integer arithmetic, logic and shifts.
#include <algorithm>
#include <bit>

#include "ptx_machine/ops/extremes.hpp"
#include "ptx_machine/ops/lanewise.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

// Signed overflow wraps around: sums and products are those of the unsigned type.
struct Add {
    template <class T>
    static T of(T a, T b) {
        using U = std::make_unsigned_t<T>;
        return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
    }
};
struct Subtract {
    template <class T>
    static T of(T a, T b) {
        using U = std::make_unsigned_t<T>;
        return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
    }
};
struct MultiplyLow {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    }
};
struct MultiplyAddLow {
    template <class T>
    static T of(T a, T b, T c) {
        return Add::of(MultiplyLow::of(a, b), c);
    }
};
struct MultiplyHigh {
    static std::int32_t of(std::int32_t a, std::int32_t b) {
        return static_cast<std::int32_t>((std::int64_t{a} * b) >> 32);
    }
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) {
        return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
    }
    static std::uint64_t of(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
    }
};
template <class Wide>
struct MultiplyWide {
    template <class T>
    static Wide of(T a, T b) {
        return static_cast<Wide>(static_cast<Wide>(a) * static_cast<Wide>(b));
    }
};
template <class Wide>
struct MultiplyAddWide {
    template <class T>
    static Wide of(T a, T b, Wide c) {
        return Add::of(MultiplyWide<Wide>::of(a, b), c);
    }
};
// What the GPU returns for a divisor of zero is not specified by PTX; all ones here.
struct Divide {
    template <class T>
    static T of(T a, T b) {
        if (b == 0) return static_cast<T>(-1);
        if (std::is_signed_v<T> && b == static_cast<T>(-1)) return Subtract::of(T{0}, a);
        return static_cast<T>(a / b);
    }
};
struct Remainder {
    template <class T>
    static T of(T a, T b) {
        if (b == 0) return a;
        if (std::is_signed_v<T> && b == static_cast<T>(-1)) return 0;
        return static_cast<T>(a % b);
    }
};
struct Negate {
    template <class T>
    static T of(T a) {
        return Subtract::of(T{0}, a);
    }
};
struct And {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(a & b);
    }
};
struct Or {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(a | b);
    }
};
struct Xor {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(a ^ b);
    }
};
struct Not {
    template <class T>
    static T of(T a) {
        return static_cast<T>(~a);
    }
};
// Amounts beyond the width give what shifting one by one would.
struct ShiftLeft {
    template <class T>
    static T of(T a, std::uint32_t by) {
        return by >= 8 * sizeof(T) ? T{0} : static_cast<T>(a << by);
    }
};
struct ShiftRight {
    template <class T>
    static T of(T a, std::uint32_t by) {
        constexpr std::uint32_t kMost = 8 * sizeof(T) - 1;
        if (by > kMost) return std::is_signed_v<T> ? static_cast<T>(a >> kMost) : T{0};
        return static_cast<T>(a >> by);
    }
};
struct Reverse {
    static std::uint32_t of(std::uint32_t a) {
        a = (a & 0x55555555) << 1 | (a >> 1 & 0x55555555);
        a = (a & 0x33333333) << 2 | (a >> 2 & 0x33333333);
        a = (a & 0x0F0F0F0F) << 4 | (a >> 4 & 0x0F0F0F0F);
        return __builtin_bswap32(a);
    }
};
struct LeadingZeros {  // bfind.shiftamt: by how much to shift left so that the top bit is set
    static std::uint32_t of(std::uint32_t a) {
        return a == 0 ? 0xFFFFFFFF : static_cast<std::uint32_t>(std::countl_zero(a));
    }
};
// PTX ISA, "prmt" without a mode: four bits of `selector` for each byte choose one of the eight bytes of b:a, or 255 or 0
// by that byte's sign.
struct Permute {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
        const std::uint64_t bytes = std::uint64_t{b} << 32 | a;
        std::uint32_t out = 0;
        for (int byte = 0; byte < 4; ++byte) {
            const std::uint32_t chosen = selector >> (4 * byte) & 15;
            const auto value = static_cast<std::uint32_t>(bytes >> (8 * (chosen & 7)) & 0xFF);
            out |= (chosen < 8 ? value : value < 0x80 ? 0 : 0xFF) << (8 * byte);
        }
        return out;
    }
};
// PTX ISA, "shf.l.wrap": the upper word of b:a, shifted left by the low five bits of `by`.
struct FunnelShiftLeft {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b, std::uint32_t by) {
        return static_cast<std::uint32_t>((std::uint64_t{b} << 32 | a) << (by & 31) >> 32);
    }
};
struct MaximumOfHalves {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) {
        return std::max(a & 0xFFFF, b & 0xFFFF) | std::max(a >> 16, b >> 16) << 16;
    }
};
struct CountOnes {
    static std::uint32_t of(std::uint32_t a) { return static_cast<std::uint32_t>(std::popcount(a)); }
};

void insert_bits(Warp& warp, const Instruction& i) {
    const auto* from = warp.lanes<std::uint32_t>(i.a);
    const auto* into = warp.lanes<std::uint32_t>(i.b);
    const auto* start = warp.lanes<std::uint32_t>(i.c);
    const auto* length = warp.lanes<std::uint32_t>(i.details->list[0]);
    write_lanes<std::uint32_t>(warp, i, [&](int lane) {
        const std::uint32_t first = start[lane] & 0xFF, count = std::min(length[lane] & 0xFF, 32u);
        if (first >= 32) return into[lane];
        const std::uint32_t ones = count >= 32 ? ~0u : (1u << count) - 1;
        return (into[lane] & ~(ones << first)) | (from[lane] & ones) << first;
    });
}

void decode_insert_bits(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 5);
    out.to = decoder.destination(statement.operands[0], RegisterType::bits32);
    out.a = decoder.source(statement.operands[1], RegisterType::bits32);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
    out.c = decoder.source(statement.operands[3], RegisterType::bits32);
    decoder.add_details(out).list = {decoder.source(statement.operands[4], RegisterType::bits32)};
}

template <class T>
void add_arithmetic(OpcodeTable& table, const std::string& type) {
    add_binary<Add, T>(table, "add." + type);
    add_binary<Subtract, T>(table, "sub." + type);
    add_binary<MultiplyLow, T>(table, "mul.lo." + type);
    add_ternary<MultiplyAddLow, T>(table, "mad.lo." + type);
    add_binary<Divide, T>(table, "div." + type);
    add_binary<Remainder, T>(table, "rem." + type);
    add_binary<Minimum, T>(table, "min." + type);
    add_binary<Maximum, T>(table, "max." + type);
    if constexpr (std::is_signed_v<T>) add_unary<Negate, T>(table, "neg." + type);
    add_lanewise(table, "shr." + type, letters<T, T, std::uint32_t>(), binary<T, T, std::uint32_t, ShiftRight>);
}

template <class T>
void add_logic(OpcodeTable& table, const std::string& type) {
    add_binary<And, T>(table, "and." + type);
    add_binary<Or, T>(table, "or." + type);
    add_binary<Xor, T>(table, "xor." + type);
    add_unary<Not, T>(table, "not." + type);
    add_lanewise(table, "shl." + type, letters<T, T, std::uint32_t>(), binary<T, T, std::uint32_t, ShiftLeft>);
    add_lanewise(table, "shr." + type, letters<T, T, std::uint32_t>(), binary<T, T, std::uint32_t, ShiftRight>);
}

template <class T, class Wide>
void add_wide(OpcodeTable& table, const std::string& type) {
    add_lanewise(table, "mul.wide." + type, letters<Wide, T, T>(), binary<Wide, T, T, MultiplyWide<Wide>>);
    add_lanewise(table, "mad.wide." + type, letters<Wide, T, T, Wide>(),
                 ternary<Wide, T, T, Wide, MultiplyAddWide<Wide>>);
}

}  // namespace

void add_integer_opcodes(OpcodeTable& table) {
    add_arithmetic<std::int16_t>(table, "s16");
    add_arithmetic<std::uint16_t>(table, "u16");
    add_arithmetic<std::int32_t>(table, "s32");
    add_arithmetic<std::uint32_t>(table, "u32");
    add_arithmetic<std::int64_t>(table, "s64");
    add_arithmetic<std::uint64_t>(table, "u64");
    add_logic<std::uint16_t>(table, "b16");
    add_logic<std::uint32_t>(table, "b32");
    add_logic<std::uint64_t>(table, "b64");
    add_wide<std::int16_t, std::int32_t>(table, "s16");
    add_wide<std::uint16_t, std::uint32_t>(table, "u16");
    add_wide<std::int32_t, std::int64_t>(table, "s32");
    add_wide<std::uint32_t, std::uint64_t>(table, "u32");
    add_binary<MultiplyHigh, std::int32_t>(table, "mul.hi.s32");
    add_binary<MultiplyHigh, std::uint32_t>(table, "mul.hi.u32");
    add_binary<MultiplyHigh, std::uint64_t>(table, "mul.hi.u64");
    add_unary<Reverse, std::uint32_t>(table, "brev.b32");
    add_unary<LeadingZeros, std::uint32_t>(table, "bfind.shiftamt.u32");
    add_unary<CountOnes, std::uint32_t>(table, "popc.b32");
    add_ternary<Permute, std::uint32_t>(table, "prmt.b32");
    add_ternary<FunnelShiftLeft, std::uint32_t>(table, "shf.l.wrap.b32");
    add_binary<MaximumOfHalves, std::uint32_t>(table, "max.u16x2");
    table["bfi.b32"] = {"", insert_bits, decode_insert_bits, true};
}

}  // namespace aotgemm::ptx_machine
