// Warps of a GEMM's thread block on sm_100a. A warp of the epilogue reaches the 32 lanes of tensor memory that its number
// names modulo 4, so that the epilogue is four warps from a multiple of four on (PTX ISA, tcgen05.ld).
#pragma once

namespace aotgemm::sm100 {

constexpr int kProducerWarp = 0;   // finds tiles, loads operands
constexpr int kMmaWarp = 1;        // issues the matrix instructions
constexpr int kAllocatorWarp = 2;  // allocates tensor memory; what else it does is the family's
constexpr int kFirstEpilogueWarp = 4;
constexpr int kEpilogueWarps = 4;
constexpr int kThreads = 32 * (kFirstEpilogueWarp + kEpilogueWarps);

// A thread block may have all of an SM's registers: 255 for each thread, so that no role gives any away.
constexpr int kBlocksPerSm = 1;

}  // namespace aotgemm::sm100
