// Where the elements of an operand lie, and what operands have in common.
#pragma once

#include "dispatch/base/checks.hpp"

namespace aotgemm {

// Addresses from the first byte of any element to behind the last; both 0 if there is no element.
struct Extent {
    uintptr_t first = 0, end = 0;
};

// Fails where there are elements and no address.
void check_address(const Operand& operand);

// The extent of an operand. Fails unless every element has an address, at a multiple of its size.
Extent check_memory(const Operand& operand);

// Whether two tensors with memory have a byte in common, for any strides. Exact unless they are interleaved in a million
// places; then they count as sharing it.
bool share_memory(const aotgemm_tensor& x, const aotgemm_tensor& y);

// An operand and its extent.
struct PlacedOperand {
    const char* name;
    const aotgemm_tensor* tensor;
    Extent extent;
};

inline PlacedOperand place(const Operand& operand) { return {operand.name, &operand.tensor, check_memory(operand)}; }

// Fails if an output has memory in common with an operand.
void check_apart(const PlacedOperand& output, const PlacedOperand& other);

// The same, unless the operand is the output: C may be D.
void check_same_or_apart(const PlacedOperand& output, const PlacedOperand& other);

// The memory of a call without C: each operand's elements have addresses, and what is written lies apart from all else,
// each element from the others of its tensor.
inline constexpr int kMostOperands = 8;
void check_call_memory(std::initializer_list<Operand> outputs, std::initializer_list<Operand> inputs);

}  // namespace aotgemm
