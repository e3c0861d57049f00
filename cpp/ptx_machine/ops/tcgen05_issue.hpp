// What tcgen05.mma, cp and commit have in common when a thread issues them.
#pragma once

#include <bit>

#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

template <class T>
T value_of(Warp& warp, const Place& place, int lane) {
    if (warp.check != nullptr && !(warp.defined[place.shadow] >> lane & 1))
        report(warp, "uninitialised", "an operand of tcgen05 depends on a value that nothing has written",
               "Initialise the value.");
    return warp.lanes<T>(place)[lane];
}

// Calls issue(lane) for the thread that issues; every other that does too issues an operation of its own.
template <class Issue>
void for_the_issuer(Warp& warp, const Instruction& i, Issue&& issue) {
    const std::uint32_t active = warp.active(i);
    if (active == 0) return;
    if (std::popcount(active) > 1)
        report(warp, "tcgen05", "several lanes of a warp issue an operation of which one is wanted",
               "Let one lane issue it, as elect.sync chooses it.");
    want_group(warp, i);
    for_each_lane(active, issue);
}

// Columns that an mma or a cp touches are allocated in all blocks, whether anybody checks or not.
inline void want_all_allocated(Warp& warp, const Instruction& i, const TensorRegion& region) {
    for (const Block* block : blocks_of_group(warp, i)) want_allocated(warp, i, *block, region.first, region.columns);
}

}  // namespace aotgemm::ptx_machine
