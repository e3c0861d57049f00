// What a tcgen05 instruction says beyond the operands of an Instruction (PTX ISA, "TensorCore 5th Generation Family
// Instructions").
#pragma once

#include <cstdint>
#include <vector>

#include "ptx_machine/program/place.hpp"

namespace aotgemm::ptx_machine {

enum class TensorAction : std::uint8_t { none, load, store, copy, multiply, commit, other };
enum class MmaKind : std::uint8_t { f16, tf32, f8f6f4, mxf8f6f4, mxf4, mxf4nvf4 };

// Elements of 4 bits, two in a byte.
inline bool is_packed(MmaKind kind) { return kind == MmaKind::mxf4 || kind == MmaKind::mxf4nvf4; }
inline bool has_scales(MmaKind kind) { return kind == MmaKind::mxf8f6f4 || is_packed(kind); }

// Which lanes and columns of tensor memory the 32 threads of a warp hold in their registers.
enum class TensorShape : std::uint8_t { by32x32b, by16x64b, by16x128b, by16x256b, by16x32bx2 };

// How tcgen05.cp spreads rows of 16 bytes over lanes: over the first quarter and all its copies, over two quarters with
// a copy of each (neighbours, or two apart), over all lanes.
enum class TensorSpread : std::uint8_t { warpx4, warpx2_01_23, warpx2_02_13, all };

struct Tcgen05 {
    TensorAction action = TensorAction::none;
    int group = 0;  // blocks that take part, 1 or 2; 0 where the instruction does not say

    // Of ld and st.
    TensorShape shape = TensorShape::by32x32b;
    int repeats = 1;
    bool packs = false;     // two columns of 16 bits in one register
    int second_column = 0;  // of 16x32bx2: where threads 16 to 31 are, in columns from the address

    // Of cp.
    TensorSpread spread = TensorSpread::warpx4;
    int copied_columns = 0;

    // Of mma.
    MmaKind kind = MmaKind::f16;
    int scale_bytes = 0;  // of a row: 1 of its word of scales, 2 of it, or all 4
    bool a_in_tensor_memory = false;
    Place descriptor, scales_a, scales_b, accumulates;
    std::vector<Place> disabled_lanes;

    bool is_multicast = false;  // of commit
};

}  // namespace aotgemm::ptx_machine
