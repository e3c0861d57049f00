// Boxes in which the TMA loads operands, shared by host and device.
#pragma once

namespace aotgemm::sm100 {

constexpr int kAtomRows = 8;  // of a swizzle atom: a box of a K-major operand has whole ones

// Bytes of M (or N) across a box of an MN-major operand: as wide as the widest swizzle of which a tile, `tile_bytes` across, is made.
constexpr int box_width(int tile_bytes) { return tile_bytes % 128 == 0 ? 128 : tile_bytes % 64 == 0 ? 64 : 32; }

}  // namespace aotgemm::sm100
