// What the last launch of a kernel of fp8_gemm_1d2d was told, for fake_driver.cpp: apart from it, as cuda.h declares the functions
// that are defined there.
#include "kernels/sm90/fp8_gemm_1d2d/params.hpp"

extern "C" {
int last_group_m = 0;      // tile rows of a band
int last_b_evict_first = 0;  // whether the L2 is to drop B first

void note_fp8_1d2d(const void* parameters) {
    const auto* of_kernel = static_cast<const aotgemm::sm90::Fp8Gemm1d2dParams*>(parameters);
    last_group_m = of_kernel->group_m;
    last_b_evict_first = of_kernel->b_evict_first;
}
}
