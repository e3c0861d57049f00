// tcgen05.ld and st: between registers of a warp and its quarter of tensor memory.
#pragma once

#include <vector>

#include "ptx_machine/check/tensor_shadow.hpp"
#include "ptx_machine/machine/warp.hpp"

namespace aotgemm::ptx_machine {

// What a shape is, for one unit: how many lanes it spans, registers of a thread, columns.
struct TensorUnit {
    int lanes, registers, columns, most_repeats;
};
TensorUnit unit_of(TensorShape shape);
int registers_of(const Tcgen05& how);

// The parts of its block's tensor memory that the instruction touches. Stops the grid if the address is not allowed.
std::vector<TensorRegion> regions_of_transfer(const Warp& warp, const Instruction& i, std::uint32_t address);

// Values of a store, taken from the registers.
TensorTransfer store_of(Warp& warp, const Instruction& i, std::uint32_t address);

void run_load(Warp& warp, const TensorTransfer& load);
void run_store(Warp& warp, const TensorTransfer& store);

}  // namespace aotgemm::ptx_machine
