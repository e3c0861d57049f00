// What the last launch of a kernel of fp8_gemm_1d2d was told, for fake_driver.cpp: apart from it, as cuda.h declares the functions
// that are defined there.
#include "kernels/sm90/fp8_gemm_1d2d/params.hpp"

extern "C" {
int last_band = 0;      // tile rows of a band
int last_stream_b = 0;  // whether the L2 is to drop B first

void note_fp8_1d2d(const void* parameters) {
    const auto* of_kernel = static_cast<const aotgemm::sm90::Fp8Gemm1d2dParams*>(parameters);
    last_band = of_kernel->band_m;
    last_stream_b = of_kernel->stream_b;
}
}
