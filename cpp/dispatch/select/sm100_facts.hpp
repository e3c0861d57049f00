// What others published about a B200, for a model of kernels that nobody has measured. No figure here is ours but
// kLaunchUs, and none is of a kernel of this library.
#pragma once

#include <cstdint>

namespace aotgemm::sm100 {

// Sources: [M] github.com/SemiAnalysisAI/microbench-blackwell, commit 9a068d8, runs on a B200; [P] PTX ISA 9.2,
// tcgen05.mma; [N] NVIDIA's tables of dense peaks.

// Rows of one instruction and CTA on the M side, whatever the tile has [P: mxf8f6f4 has no other; f16 with 64 rows takes
// as many cycles for half of the work, M: umma_throughput, tput_results_max].
constexpr int32_t kInstructionRows = 128;

// Columns that an instruction of 128 rows finishes in a clock. The time of N = 256 is 128 cycles for all formats at their
// own K of 32 bytes, with scales of blocks and without, in one CTA and in a pair [M: umma_throughput, tput_results_max].
constexpr double kColumnsPerClock = 2;
constexpr double kBytesOfInstruction = 32;  // of K, in each row

// Bytes of shared memory that instructions read in a clock: fits N of 64 to 112 within 9% [M: as above].
constexpr double kSharedBytesPerClock = 128;
// Cycles that an instruction of a pair takes longer where shared memory is what bounds it: 1 to 5, here 3 [M: as above].
constexpr double kPairCycles = 3;

// The clock at which the published peaks hold: 4,500 TFLOPS of FP8 are 148 SMs * 16,384 FLOP * 1,856 MHz [N]. The boost
// clock is 1,965 MHz, at which no tensor core stays under load.
constexpr double kTensorClockShare = 1856.0 / 1965.0;

// Bytes that loads bring into the shared memories of all SMs in a microsecond, from the L2. 13.3 TB/s is what 148 SMs
// reached where two read the same bytes [M: tma2dmcast_throughput, tma2dmcast_sweep_full]: memory bound that run, so
// that the L2 may give more. Its own limit is not published.
constexpr double kFillBytesPerUs = 13.3e6;
// The same of one SM that is alone: K = 131,072 bytes of 256 rows in 216.6 us [M: cutlass_gemm_mainloop, results,
// FP8, tile 128x128x128]. Those loads do not slow the instructions' own reads: there, instructions took 67.5 cycles of
// the clock that the widest tiles show, where reads and loads sharing 128 bytes a clock would have taken 128.
constexpr double kFillBytesPerUsOfOne = 0.155e6;

// Share of the nominal bandwidth of memory that streams of 64 KiB in flight on each SM reach: 7,222 of 7,672 GB/s
// [M: compare_mem_throughput, tma2d_tput_results].
constexpr double kMemoryShare = 0.94;

// Cycles that four warps need to bring a column of sums from tensor memory to shared memory: PTX of a public BF16
// epilogue has some 2,800 instructions of warps for 128x128 sums; each warp's scheduler issues one a clock.
constexpr double kEpilogueCyclesOfColumn = 2800.0 / 4 / 128;

// Launch, first loads and last stores. Not published for any GEMM on a B200; this is the least that bf16_gemm has on an
// NVIDIA H200 (2026-11-28, codegen/tuning/sm90_132sms_4814gbps.txt).
constexpr double kLaunchUs = 5.3;

}  // namespace aotgemm::sm100
