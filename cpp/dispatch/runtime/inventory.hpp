// What codegen knows and the library must: every GEMM spec and every embedded cubin, in one generated table.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Defined in the generated inventory.cpp. kSpecs[i].name is also the name of one cubin.
extern const aotgemm_spec kSpecs[];
extern const int kSpecCount;
extern const aotgemm_cubin kCubins[];
extern const int32_t kCubinSharedBytes[];  // dynamic shared memory of a thread block; 0 where the host's code states it
extern const int kCubinCount;

}  // namespace aotgemm
