// ldmatrix and stmatrix: 8x8 matrices of 16-bit elements, a row of 16 bytes at an address of each of 8 lanes.
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

constexpr int kRows = 8;
constexpr std::uint32_t kRowBytes = 16;

// Where row `row` of a matrix is; stops the grid if it lies outside the block's memory.
std::uint32_t row_address(Warp& warp, const Instruction& i, int matrix, int row) {
    const int lane = matrix * kRows + row;
    if (warp.check != nullptr && !(warp.defined[i.a.shadow] >> lane & 1))
        report(warp, "uninitialised", "an address depends on a value that nothing has written",
               "Initialise the value.");
    const std::uint32_t address = own_shared_offset(warp, shared_address(warp, i.a, lane, i.value));
    if (address % kRowBytes != 0 || address < kSharedBase || address + kRowBytes > warp.block->shared.size())
        stop(warp, "bounds",
             "a matrix row at " + std::to_string(address) + " is not 16 aligned bytes of the block's shared memory",
             "Check the address.");
    return address;
}

// Element (row, column) is in lane row * 4 + column / 2, half column % 2, or, transposed, the other way round.
struct Spot {
    int lane, half;
};
template <bool kTransposed>
Spot spot_of(int row, int column) {
    if (kTransposed) std::swap(row, column);
    return {row * 4 + column / 2, column % 2};
}

template <bool kTransposed>
void store_matrices(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    for (std::size_t matrix = 0; matrix < i.details->list.size(); ++matrix) {
        const Place& place = i.details->list[matrix];
        const auto* from = warp.lanes<std::uint32_t>(place);
        for (int row = 0; row < kRows; ++row) {
            const std::uint32_t address = row_address(warp, i, static_cast<int>(matrix), row);
            std::uint16_t elements[kRows];
            bool defined = true;
            for (int column = 0; column < kRows; ++column) {
                const Spot spot = spot_of<kTransposed>(row, column);
                elements[column] = static_cast<std::uint16_t>(from[spot.lane] >> (16 * spot.half));
                defined = defined && (warp.defined[place.shadow] >> spot.lane & 1);
            }
            std::memcpy(warp.block->shared.data() + address, elements, kRowBytes);
            if (warp.check != nullptr)
                warp.check->shared_store(warp, address, kRowBytes, static_cast<int>(matrix) * kRows + row, defined);
        }
    }
}

void load_matrices(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    std::uint32_t results[4][kLanes], defined[4] = {};
    for (std::size_t matrix = 0; matrix < i.details->list.size(); ++matrix) {
        for (int row = 0; row < kRows; ++row) {
            const std::uint32_t address = row_address(warp, i, static_cast<int>(matrix), row);
            std::memcpy(&results[matrix][row * 4], warp.block->shared.data() + address, kRowBytes);
            if (warp.check == nullptr) continue;
            warp.check->shared_load(warp, address, kRowBytes, static_cast<int>(matrix) * kRows + row);
            for (std::uint32_t pair = 0; pair < 4; ++pair)
                if (warp.check->shared_is_defined(*warp.block, address + pair * 4, 4))
                    defined[matrix] |= 1u << (row * 4 + static_cast<int>(pair));
        }
    }
    for (std::size_t matrix = 0; matrix < i.details->list.size(); ++matrix) {
        const Place& place = i.details->list[matrix];
        std::memcpy(warp.lanes<std::uint32_t>(place), results[matrix], sizeof(results[matrix]));
        warp.define(place, ~0u, defined[matrix]);
    }
}

void decode_matrices(Decoder& decoder, const Operand& registers, const Operand& address, std::size_t count,
                     Instruction& out) {
    if (registers.parts.size() != count) decoder.fail("the vector has another length");
    Details& details = decoder.add_details(out);
    for (const Operand& part : registers.parts) details.list.push_back(decoder.destination(part, RegisterType::bits32));
    out.a = decoder.address(address, out);
}

}  // namespace

void add_matrix_memory_opcodes(OpcodeTable& table) {
    for (std::size_t count : {1, 2, 4}) {
        const auto decode_store = [count](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            decode_matrices(decoder, statement.operands[1], statement.operands[0], count, out);
        };
        const auto decode_load = [count](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            decode_matrices(decoder, statement.operands[0], statement.operands[1], count, out);
        };
        // Shape and number, and the transposition, stand in either order.
        const std::string number = ".x" + std::to_string(count);
        for (const std::string& shape : {".m8n8" + number, number + ".m8n8"}) {
            const std::string start = "matrix.sync.aligned" + shape;
            table["st" + start + ".shared.b16"] = {"", store_matrices<false>, decode_store, false};
            for (const char* end : {".trans.shared.b16", ".shared.b16.trans"})
                table["st" + start + end] = {"", store_matrices<true>, decode_store, false};
            table["ld" + start + ".shared.b16"] = {"", load_matrices, decode_load, false};
        }
    }
}

}  // namespace aotgemm::ptx_machine
