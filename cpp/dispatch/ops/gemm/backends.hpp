// Where a checked GEMM runs: the CPU backends, one a family, and the launchers, one a family and architecture.
#pragma once

#include <span>

#include "dispatch/ops/gemm/call.hpp"
#include "dispatch/select/choice.hpp"

namespace aotgemm {

// Computes the parts of a call; those of one call do not overlap in D.
using CpuBackend = void(const GemmCall& call, std::span<const GemmPart> parts, int threads);

// A call for which a kernel is chosen. Scales by row are MN-major, the device's context is current, M and N are not 0;
// K = 0 gives C, or zeros.
struct GemmLaunch {
    const GemmCall& call;
    const aotgemm_problem& problem;
    const Choice& choice;
    const CudaDevice& device;
    void* stream;
    // Whether the launch before this one, or after it, on the same stream is for another group of the same call.
    bool follows_group = false, precedes_group = false;
    // Whether the launch before this one is a copy of scales for the same call.
    bool follows_copy = false;
};

using GemmLauncher = void(const GemmLaunch& launch);

struct ArchLauncher {
    const char* arch;  // as aotgemm_spec has it
    GemmLauncher* launch;
};

}  // namespace aotgemm
