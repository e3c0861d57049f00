// tcgen05.alloc, dealloc and relinquish_alloc_permit. Both blocks of a pair allocate and deallocate together.
#include <bit>
#include <cstring>

#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

void want_uniform(Warp& warp, const Place& place, const char* what) {
    const auto* lanes = warp.lanes<std::uint32_t>(place);
    for (int lane = 1; lane < kLanes; ++lane)
        if (lanes[lane] != lanes[0])
            stop(warp, "tcgen05", std::string("the lanes of a warp give different ") + what,
                 "Give the same in all lanes.");
    if (warp.check != nullptr && warp.defined[place.shadow] != ~0u)
        report(warp, "uninitialised",
               std::string(what) + " of tensor memory depend on a value that nothing has written",
               "Initialise the value.");
}

std::uint32_t columns_of(Warp& warp, const Place& place) {
    want_uniform(warp, place, "numbers of columns");
    const std::uint32_t columns = warp.lanes<std::uint32_t>(place)[0];
    if (!std::has_single_bit(columns) || columns < kLeastAllocation || columns > kTensorColumns)
        stop(warp, "tcgen05", std::to_string(columns) + " columns of tensor memory are asked for or given back",
             "A power of 2 from 32 to 512 is allowed.");
    return columns;
}

void write_address(const TensorRequest& request, std::uint32_t first) {
    Warp& warp = *request.warp;
    const SharedPlace place = shared_place(warp, warp.lanes<std::uint32_t>(request.instruction->a)[0]);
    if (place.block != warp.block || place.address % 4 != 0 || place.address < kSharedBase ||
        place.address + 4 > warp.block->shared.size())
        stop(warp, "bounds", "tcgen05.alloc writes outside the block's shared memory", "Check the address.");
    std::memcpy(warp.block->shared.data() + place.address, &first, 4);
    if (warp.check != nullptr) warp.check->shared_store(warp, place.address, 4, 0, true);
}

// The least columns that are free in all blocks; kTensorColumns: none.
std::uint32_t find_room(const std::vector<Block*>& blocks, std::uint32_t columns) {
    for (std::uint32_t first = 0; first + columns <= kTensorColumns; first += kLeastAllocation) {
        bool is_free = true;
        for (const Block* block : blocks) is_free = is_free && block->tensor_memory->is_free(first, columns);
        if (is_free) return first;
    }
    return kTensorColumns;
}

void finish_first_requests(const std::vector<Block*>& blocks, std::uint32_t first) {
    for (Block* block : blocks) {
        const TensorRequest request = block->tensor_memory->requests.front();
        block->tensor_memory->requests.pop_front();
        request.warp->state = WarpState::runnable;
        if (request.is_release) {
            block->tensor_memory->release({request.first, request.columns});
            continue;
        }
        block->tensor_memory->take({first, request.columns});
        block->tensor_memory->last_columns = request.columns;
        write_address(request, first);
    }
}

// Serves the requests of a block, or of a pair, as far as can be.
void serve(const std::vector<Block*>& blocks) {
    while (true) {
        for (const Block* block : blocks)
            if (block->tensor_memory->requests.empty()) return;
        const TensorRequest& one = blocks.front()->tensor_memory->requests.front();
        const TensorRequest& other = blocks.back()->tensor_memory->requests.front();
        if (one.warp->index != other.warp->index)
            report(*other.warp, "tcgen05", "different warps of a pair's blocks allocate or deallocate tensor memory",
                   "Let the same warp of both do it.");
        if (one.is_release != other.is_release || one.columns != other.columns || one.first != other.first)
            stop(*other.warp, "tcgen05", "the blocks of a pair allocate or deallocate tensor memory differently",
                 "Let both do the same in the same order.");
        const std::uint32_t first = one.is_release ? 0 : find_room(blocks, one.columns);
        if (first == kTensorColumns) return;
        finish_first_requests(blocks, first);
    }
}

void ask(Warp& warp, const Instruction& i, bool is_release, std::uint32_t first, std::uint32_t columns) {
    warp.block->tensor_memory->requests.push_back({&warp, &i, is_release, first, columns, i.details->tcgen05.group});
    warp.state = WarpState::at_tensor_memory;
    serve(blocks_of_group(warp, i));
}

void allocate(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    want_group(warp, i);
    want_uniform(warp, i.a, "addresses");
    const std::uint32_t columns = columns_of(warp, i.b);
    TensorMemory& memory = *warp.block->tensor_memory;
    if (memory.allocator >= 0 && memory.allocator != warp.index)
        report(warp, "tcgen05", "two warps of a block allocate tensor memory", "Let one warp make all allocations.");
    memory.allocator = warp.index;
    if (memory.relinquished)
        report(warp, "tcgen05", "tensor memory is allocated after tcgen05.relinquish_alloc_permit",
               "Allocate before it.");
    if (columns > memory.last_columns)
        report(warp, "tcgen05", "an allocation of tensor memory is larger than the one before",
               "Allocate the largest first.");
    ask(warp, i, false, 0, columns);
}

void deallocate(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    want_group(warp, i);
    want_uniform(warp, i.a, "addresses");
    const std::uint32_t columns = columns_of(warp, i.b), address = warp.lanes<std::uint32_t>(i.a)[0];
    const std::uint32_t first = tensor_column(address);
    if (tensor_lane(address) != 0 || !warp.block->tensor_memory->has({first, columns}))
        stop(warp, "tcgen05",
             std::to_string(columns) + " columns of tensor memory from " + std::to_string(first) +
                 " on are deallocated, which no tcgen05.alloc gave",
             "Give the address and the number of columns of the allocation, once.");
    if (warp.check != nullptr) warp.check->tensor().release(warp, *warp.block, first, columns);
    ask(warp, i, true, first, columns);
}

void relinquish(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    want_group(warp, i);
    warp.block->tensor_memory->relinquished = true;
}

void decode(Decoder& decoder, Instruction& out, int group) {
    Tcgen05& how = decoder.add_details(out).tcgen05;
    how.action = TensorAction::other;
    how.group = group;
}

void decode_allocate(Decoder& decoder, const Statement& statement, Instruction& out, int group) {
    decoder.count(statement, 2);
    decode(decoder, out, group);
    out.a = decoder.address(statement.operands[0], out);
    if (out.value != 0) decoder.fail("an offset in shared memory");
    out.b = decoder.source(statement.operands[1], RegisterType::bits32);
}

void decode_deallocate(Decoder& decoder, const Statement& statement, Instruction& out, int group) {
    decoder.count(statement, 2);
    decode(decoder, out, group);
    out.a = decoder.source(statement.operands[0], RegisterType::bits32);
    out.b = decoder.source(statement.operands[1], RegisterType::bits32);
}

}  // namespace

void add_tcgen05_allocation_opcodes(OpcodeTable& table) {
    for (const int group : {1, 2}) {
        const std::string of_group = ".cta_group::" + std::to_string(group) + ".sync.aligned";
        for (const char* space : {".shared::cta", ""})
            table["tcgen05.alloc" + of_group + space + ".b32"] = {
                "", allocate,
                [=](Decoder& d, const Statement& s, Instruction& out) { decode_allocate(d, s, out, group); }, false};
        table["tcgen05.dealloc" + of_group + ".b32"] = {
            "", deallocate,
            [=](Decoder& d, const Statement& s, Instruction& out) { decode_deallocate(d, s, out, group); }, false};
        table["tcgen05.relinquish_alloc_permit" + of_group] = {"", relinquish,
                                                               [=](Decoder& d, const Statement& s, Instruction& out) {
                                                                   d.count(s, 0);
                                                                   decode(d, out, group);
                                                               },
                                                               false};
    }
}

}  // namespace aotgemm::ptx_machine
