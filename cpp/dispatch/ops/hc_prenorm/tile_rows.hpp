// How many rows of A a tile of tf32_hc_prenorm_gemm has on sm_100a: a function of the sizes and the SMs alone.
#pragma once

#include <cstdint>

namespace aotgemm {

struct HcPrenormSize {
    int64_t m, n, k, splits;
};

// 16, 32 or 64. No bit depends on it.
int32_t hc_prenorm_tile_rows(const HcPrenormSize& size, int32_t num_sms);

}  // namespace aotgemm
