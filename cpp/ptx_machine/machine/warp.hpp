// A warp: 32 lanes, their registers, and where they are.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "ptx_machine/machine/register_file.hpp"
#include "ptx_machine/program/instruction.hpp"

namespace aotgemm::ptx_machine {

struct Block;
class Checker;
struct Mbarrier;

// Lanes that go on together from pc, until they meet others at `join`.
struct Frame {
    std::uint32_t pc, mask, join;
};

enum class WarpState : std::uint8_t {
    runnable,
    at_mbarrier,
    at_barrier,
    at_cluster_barrier,
    at_wgmma,
    at_tensor_memory,
    exited
};

// One bulk store of one lane that its shared memory has not been read for, or whose group is open.
struct BulkStore {
    int lane;
    std::uint32_t tick;
    std::uint32_t group = 0;  // 0: not committed
};

// A tcgen05.ld or st of a warp that no tcgen05.wait has followed.
struct TensorTransfer {
    const Instruction* instruction;
    std::uint32_t address;
    bool is_done = false;
    std::vector<std::uint32_t> values, defined;  // of st: of each register its 32 lanes, and a mask of them
};

struct Warp {
    const Program* program = nullptr;
    Block* block = nullptr;
    Checker* check = nullptr;
    int index = 0;             // in its block
    int agent = 0;             // in its cluster
    std::uint32_t pc = 0;      // of the next instruction
    std::uint32_t mask = 0;    // lanes that run
    std::uint32_t living = 0;  // lanes that have not exited
    // Below the running lanes: who waits, innermost last; frames.back() is the running ones'.
    std::vector<Frame> frames;
    WarpState state = WarpState::runnable;
    Mbarrier* waiting_for = nullptr;
    int barrier = 0;  // named barrier waited for
    RegisterFile file;
    std::vector<std::uint32_t> predicates, defined;

    std::uint64_t executed = 0;
    std::uint64_t step = 0, drawn_until = 0;         // of the timeline
    std::uint32_t wgmma_issued = 0, wgmma_done = 0;  // instructions
    std::vector<std::uint32_t> wgmma_groups;         // instructions issued when each group was committed
    std::uint32_t wgmma_fences = 0;
    // For the checker: wgmma under way, with their numbers; how many of them use a register, and after which fence an
    // ordinary instruction touched it last, by shadow index.
    std::vector<std::pair<std::uint32_t, const Instruction*>> wgmma_under_way;
    std::vector<std::uint8_t> accumulator_users;
    std::vector<std::uint32_t> accumulator_touched;
    std::uint32_t bulk_ticks = 0;
    std::uint32_t bulk_groups[kLanes] = {};
    std::vector<BulkStore> bulk;
    std::uint32_t tensor_ticks = 0;                            // tcgen05 mma, cp and commit issued
    int tensor_lane = -1;                                      // that issued the last mma or cp since a commit
    std::uint32_t loads_done = 0, stores_done = 0;             // tcgen05 ld and st that a wait has followed
    std::vector<TensorTransfer> tensor_loads, tensor_stores;   // the others
    std::uint32_t cluster_phases = 0;  // of barrier.cluster that the warp has arrived at

    template <class T>
    T* lanes(const Place& place) {
        return reinterpret_cast<T*>(file.words() + place.word);
    }
    std::uint32_t predicate(const Place& place) const { return predicates[place.word]; }
    std::uint32_t active(const Instruction& i) const { return mask & (predicates[i.guard] ^ i.guard_flip); }
    const Instruction& current() const { return program->instructions[pc - 1]; }
    void set_predicate(const Place& place, std::uint32_t lanes, std::uint32_t values) {
        predicates[place.word] = (predicates[place.word] & ~lanes) | (values & lanes);
    }
    void define(const Place& place, std::uint32_t lanes, std::uint32_t are_defined) {
        defined[place.shadow] = (defined[place.shadow] & ~lanes) | (are_defined & lanes);
    }
};

// Calls body(lane) for each lane of a mask.
template <class Body>
void for_each_lane(std::uint32_t mask, Body&& body) {
    for (; mask != 0; mask &= mask - 1) body(std::countr_zero(mask));
}

}  // namespace aotgemm::ptx_machine
