// Instructions that compute each lane on its own: one loop over 32 lanes, which the compiler vectorises.
#pragma once

#include <type_traits>

#include "ptx_machine/machine/warp.hpp"
#include "ptx_machine/program/opcode_table.hpp"

namespace aotgemm::ptx_machine {

// How a lane of type T is kept: 16 bits in a word of 32, zero-extended.
template <class T>
using Kept = std::conditional_t<sizeof(T) == 2, std::uint32_t, T>;
template <class T>
Kept<T> keep(T value) {
    if constexpr (sizeof(T) == 2) return static_cast<std::uint16_t>(value);
    else return value;
}

template <class R, class Compute>
[[gnu::always_inline]] inline void write_lanes(Warp& warp, const Instruction& i, Compute&& compute) {
    Kept<R>* __restrict to = warp.lanes<Kept<R>>(i.to);
    const std::uint32_t active = warp.active(i);
    Kept<R> results[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) results[lane] = keep<R>(compute(lane));
    if (active == ~0u) {
        for (int lane = 0; lane < kLanes; ++lane) to[lane] = results[lane];
    } else {
        for (int lane = 0; lane < kLanes; ++lane) to[lane] = active >> lane & 1 ? results[lane] : to[lane];
    }
}

template <class R, class A, class F>
void unary(Warp& warp, const Instruction& i) {
    const auto* a = warp.lanes<Kept<A>>(i.a);
    write_lanes<R>(warp, i, [&](int lane) { return F::of(static_cast<A>(a[lane])); });
}

template <class R, class A, class B, class F>
void binary(Warp& warp, const Instruction& i) {
    const auto* a = warp.lanes<Kept<A>>(i.a);
    const auto* b = warp.lanes<Kept<B>>(i.b);
    write_lanes<R>(warp, i, [&](int lane) { return F::of(static_cast<A>(a[lane]), static_cast<B>(b[lane])); });
}

template <class R, class A, class B, class C, class F>
void ternary(Warp& warp, const Instruction& i) {
    const auto* a = warp.lanes<Kept<A>>(i.a);
    const auto* b = warp.lanes<Kept<B>>(i.b);
    const auto* c = warp.lanes<Kept<C>>(i.c);
    write_lanes<R>(warp, i, [&](int lane) {
        return F::of(static_cast<A>(a[lane]), static_cast<B>(b[lane]), static_cast<C>(c[lane]));
    });
}

// Letters of operands by their types.
template <class T>
constexpr char letter_of() {
    return sizeof(T) == 2 ? 'h' : sizeof(T) == 4 ? 'w' : 'd';
}
template <class... Types>
std::string letters() {
    return {letter_of<Types>()...};
}

inline void add_lanewise(OpcodeTable& table, const std::string& name, const std::string& operands, Handler run) {
    table[name] = {operands, run, nullptr, true};
}
template <class F, class T>
void add_unary(OpcodeTable& table, const std::string& name) {
    add_lanewise(table, name, letters<T, T>(), unary<T, T, F>);
}
template <class F, class T>
void add_binary(OpcodeTable& table, const std::string& name) {
    add_lanewise(table, name, letters<T, T, T>(), binary<T, T, T, F>);
}
template <class F, class T>
void add_ternary(OpcodeTable& table, const std::string& name) {
    add_lanewise(table, name, letters<T, T, T, T>(), ternary<T, T, T, T, F>);
}

}  // namespace aotgemm::ptx_machine
