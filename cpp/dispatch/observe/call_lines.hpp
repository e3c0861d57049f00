// A line for each call, for whoever watches the process: which kernel runs, and why.
#pragma once

#include <atomic>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Where the lines go; -1 where nobody watches, which costs a call one load.
extern std::atomic<int> call_lines_file;

inline bool is_watched() { return call_lines_file.load(std::memory_order_relaxed) >= 0; }

// Of a GEMM. device: nullptr on the CPU, where no kernel runs.
void write_call_line(const aotgemm_problem& problem, const aotgemm_device* device, int32_t kernel);

// Of a launch that is no GEMM's; nothing for one that is, whose line says more.
void write_launch_line(int32_t cubin);

}  // namespace aotgemm
