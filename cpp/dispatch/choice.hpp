// The selection's answer for one problem, with all that a launch needs of it, kept per thread so that a serving loop ranks
// the matrix once per shape.
#pragma once

#include "dispatch/device.hpp"

namespace aotgemm {

struct Choice {
    int32_t kernel = -1, cubin = -1;
    int32_t grid = 0;
    int32_t band_m = 1;     // tile rows of a band, see TileOrder in cpp/kernels/sm90/tile_order.cuh
    bool streams_b = false;  // one band: nobody comes back for a tile of B
};

// problem's texts are literals: they are compared by address. forced: the caller's kernel, or -1.
const Choice& choose_kernel(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced);

}  // namespace aotgemm
