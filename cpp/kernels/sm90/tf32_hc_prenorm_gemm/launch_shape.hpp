// Launch shape and registers of the tf32_hc_prenorm_gemm kernels on sm_90a, shared by host and device.
#pragma once

#include "common/align.hpp"
#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

// Three loaders, since one K block takes a loader longer than the consumers: on an H200 (2026-11-28) eight stores and the
// fence behind them took 230 clocks, the wgmma of a K block 108.
constexpr int kPrenormLoaders = 3, kPrenormStagesB = 9;
static_assert(kPrenormStagesB % kPrenormLoaders == 0);

// Warps: the consumer warpgroup, the warpgroup of squares, the producer of A, and for each loader one for eight rows of B;
// whole warpgroups, for setmaxnreg.
constexpr int kPrenormConsumerWarps = 4, kPrenormFirstSquaresWarp = 4, kPrenormProducerWarp = 8, kPrenormFirstLoader = 9;
constexpr int prenorm_threads(int columns) {
    return align_up(32 * (kPrenormFirstLoader + kPrenormLoaders * (columns / kPrenormColumnStep)), 128);
}

// Registers of a thread: at launch (as many as leave room for all threads), of the consumers with two K blocks of
// fragments, and of the warpgroup of squares.
constexpr int prenorm_launch_registers(int columns) { return 65536 / prenorm_threads(columns) / 8 * 8; }
constexpr int kPrenormConsumerRegisters = 136, kPrenormSquaresRegisters = 56;
constexpr bool prenorm_moves_registers(int columns) { return prenorm_launch_registers(columns) < kPrenormConsumerRegisters; }
constexpr int prenorm_registers(int columns) {
    const int at_launch = prenorm_launch_registers(columns);
    return prenorm_threads(columns) * at_launch + 128 * (kPrenormConsumerRegisters + kPrenormSquaresRegisters - 2 * at_launch);
}

}  // namespace aotgemm::sm90
