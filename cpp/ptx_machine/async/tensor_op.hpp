// tcgen05.mma, cp and commit from their issue to their effect.
#pragma once

#include <array>
#include <cstdint>

#include "ptx_machine/check/clock.hpp"
#include "ptx_machine/program/instruction.hpp"

namespace aotgemm::ptx_machine {

struct TensorOp {
    const Instruction* instruction = nullptr;
    Warp* issuer = nullptr;
    int lane = 0;
    std::uint32_t tick = 0;  // its number among those of its issuer, from 1
    Clock clock;             // what its issuer knows; empty without a checker
    std::uint32_t met = 0;   // up to which of its own steps the lanes of its issuer have met

    std::uint32_t d = 0;  // address in tensor memory: of the sums, or where cp writes
    std::uint64_t a = 0;  // descriptor, or address in tensor memory
    std::uint64_t b = 0;  // descriptor
    std::uint32_t descriptor = 0, scales_a = 0, scales_b = 0;
    bool accumulates = false;
    std::array<std::uint32_t, 8> disabled_lanes{};  // of the first block of a pair, then of the second

    std::uint64_t done_at = 0;  // step of the timeline

    std::uint32_t barrier = 0, blocks = 0;  // of commit: address in each block of the mask of ranks

    const Tcgen05& how() const { return instruction->details->tcgen05; }
};

}  // namespace aotgemm::ptx_machine
