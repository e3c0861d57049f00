// setp and selp, and logic on predicates.
#include "ptx_machine/ops/lanewise.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

struct Equal {
    template <class T>
    static bool of(T a, T b) {
        return a == b;
    }
};
struct NotEqual {  // of numbers that can be ordered
    template <class T>
    static bool of(T a, T b) {
        return a < b || a > b;
    }
};
struct UnorderedNotEqual {
    template <class T>
    static bool of(T a, T b) {
        return a != b;
    }
};
struct Less {
    template <class T>
    static bool of(T a, T b) {
        return a < b;
    }
};
struct LessOrEqual {
    template <class T>
    static bool of(T a, T b) {
        return a <= b;
    }
};
struct Greater {
    template <class T>
    static bool of(T a, T b) {
        return a > b;
    }
};
struct GreaterOrEqual {
    template <class T>
    static bool of(T a, T b) {
        return a >= b;
    }
};

template <class T, class F>
void compare(Warp& warp, const Instruction& i) {
    const auto* a = warp.lanes<Kept<T>>(i.a);
    const auto* b = warp.lanes<Kept<T>>(i.b);
    std::uint32_t holds[kLanes];
    for (int lane = 0; lane < kLanes; ++lane)
        holds[lane] = F::of(static_cast<T>(a[lane]), static_cast<T>(b[lane])) ? 1u << lane : 0;
    std::uint32_t result = 0;
    for (int lane = 0; lane < kLanes; ++lane) result |= holds[lane];
    warp.set_predicate(i.to, warp.active(i), result);
}

template <class T>
void select(Warp& warp, const Instruction& i) {
    const auto* a = warp.lanes<Kept<T>>(i.a);
    const auto* b = warp.lanes<Kept<T>>(i.b);
    const std::uint32_t choice = warp.predicate(i.c);
    write_lanes<T>(warp, i, [&](int lane) { return static_cast<T>(choice >> lane & 1 ? a[lane] : b[lane]); });
}

template <class F>
void predicate_logic(Warp& warp, const Instruction& i) {
    warp.set_predicate(i.to, warp.active(i), F::of(warp.predicate(i.a), warp.predicate(i.b)));
}

struct And {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) { return a & b; }
};
struct Or {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) { return a | b; }
};
struct Xor {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) { return a ^ b; }
};

void predicate_not(Warp& warp, const Instruction& i) { warp.set_predicate(i.to, warp.active(i), ~warp.predicate(i.a)); }
void predicate_move(Warp& warp, const Instruction& i) { warp.set_predicate(i.to, warp.active(i), warp.predicate(i.a)); }

template <class T>
void add_compare(OpcodeTable& table, const std::string& type) {
    const std::string operands = std::string("p") + letters<T, T>();
    add_lanewise(table, "setp.eq." + type, operands, compare<T, Equal>);
    add_lanewise(table, "setp.ne." + type, operands, compare<T, NotEqual>);
    if (type[0] == 'b') return;
    add_lanewise(table, "setp.lt." + type, operands, compare<T, Less>);
    add_lanewise(table, "setp.le." + type, operands, compare<T, LessOrEqual>);
    add_lanewise(table, "setp.gt." + type, operands, compare<T, Greater>);
    add_lanewise(table, "setp.ge." + type, operands, compare<T, GreaterOrEqual>);
}

template <class T>
void add_select(OpcodeTable& table, const std::string& type) {
    add_lanewise(table, "selp." + type, letters<T, T, T>() + "p", select<T>);
}

}  // namespace

void add_comparison_opcodes(OpcodeTable& table) {
    add_compare<std::int16_t>(table, "s16");
    add_compare<std::uint16_t>(table, "u16");
    add_compare<std::uint16_t>(table, "b16");
    add_compare<std::int32_t>(table, "s32");
    add_compare<std::uint32_t>(table, "u32");
    add_compare<std::uint32_t>(table, "b32");
    add_compare<std::int64_t>(table, "s64");
    add_compare<std::uint64_t>(table, "u64");
    add_compare<std::uint64_t>(table, "b64");
    add_compare<float>(table, "f32");
    add_lanewise(table, "setp.neu.f32", "pww", compare<float, UnorderedNotEqual>);
    for (const char* type : {"b16", "u16", "s16"}) add_select<std::uint16_t>(table, type);
    for (const char* type : {"b32", "u32", "s32", "f32"}) add_select<std::uint32_t>(table, type);
    for (const char* type : {"b64", "u64", "s64"}) add_select<std::uint64_t>(table, type);
    add_lanewise(table, "and.pred", "ppp", predicate_logic<And>);
    add_lanewise(table, "or.pred", "ppp", predicate_logic<Or>);
    add_lanewise(table, "xor.pred", "ppp", predicate_logic<Xor>);
    add_lanewise(table, "not.pred", "pp", predicate_not);
    add_lanewise(table, "mov.pred", "pp", predicate_move);
}

}  // namespace aotgemm::ptx_machine
