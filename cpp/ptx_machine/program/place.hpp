// Where an operand is in a warp's registers.
#pragma once

#include <cstdint>

#include "ptx_machine/text/module.hpp"

namespace aotgemm::ptx_machine {

// A register or a constant. Constants are registers that nothing writes.
struct Place {
    std::uint32_t word = 0;  // index of its 32 lanes in Warp::file, in 32-bit words; of a predicate in Warp::predicates
    std::uint32_t shadow = 0;  // index in Warp::defined
    RegisterType type = RegisterType::bits32;
};

}  // namespace aotgemm::ptx_machine
