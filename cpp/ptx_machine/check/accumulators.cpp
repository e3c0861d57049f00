#include "ptx_machine/check/accumulators.hpp"

#include "ptx_machine/async/wgmma.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

template <class Body>
void for_each_place(const Instruction& i, Body&& body) {
    for (const Place& place : {i.to, i.a, i.b, i.c}) body(place);
    if (i.details == nullptr) return;
    for (const Place& place : i.details->list) body(place);
}

}  // namespace

void check_accumulator_access(Warp& warp, const Instruction& i) {
    bool is_busy = false;
    for_each_place(i, [&](const Place& place) {
        is_busy = is_busy || warp.accumulator_users[place.shadow] != 0;
        warp.accumulator_touched[place.shadow] = warp.wgmma_fences;
    });
    if (!is_busy) return;
    if (warp.program->uses_tensor_memory)
        report(warp, "tcgen05", "a register is touched that a tcgen05.ld under way writes",
               "Put tcgen05.wait::ld between the two.");
    else
        report(warp, "wgmma", "a register is touched that a wgmma under way uses",
               "Wait with wgmma.wait_group for its group first.");
}

void tensor_load_is_issued(Warp& warp, const Instruction& i) {
    for (const Place& place : i.details->list) ++warp.accumulator_users[place.shadow];
}

void tensor_load_is_over(Warp& warp, const Instruction& i) {
    for (const Place& place : i.details->list) --warp.accumulator_users[place.shadow];
}

void accumulators_are_issued(Warp& warp, const Instruction& i) {
    bool is_fenced = warp.wgmma_fences != 0;
    i.details->for_each_wgmma_register([&](const Place& place) {
        is_fenced = is_fenced && warp.accumulator_touched[place.shadow] != warp.wgmma_fences;
        ++warp.accumulator_users[place.shadow];
    });
    warp.wgmma_under_way.emplace_back(warp.wgmma_issued, &i);
    if (!is_fenced)
        report(warp, "wgmma", "a wgmma uses registers that were touched after the last wgmma.fence",
               "Put wgmma.fence between the two.");
}

void accumulators_are_done(Warp& warp) {
    std::erase_if(warp.wgmma_under_way, [&](const auto& op) {
        if (op.first >= warp.wgmma_done) return false;
        op.second->details->for_each_wgmma_register(
            [&](const Place& place) { --warp.accumulator_users[place.shadow]; });
        return true;
    });
}

}  // namespace aotgemm::ptx_machine
