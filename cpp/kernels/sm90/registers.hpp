// How the 65,536 registers of an SM are shared by a block's warpgroups of 128 threads: 40 + 2 * 232, or 32 + 3 * 160.
#pragma once

namespace aotgemm::sm90 {

constexpr int consumer_registers(int consumers) { return consumers == 3 ? 160 : 232; }
constexpr int producer_registers(int consumers) { return consumers == 3 ? 32 : 40; }

}  // namespace aotgemm::sm90
