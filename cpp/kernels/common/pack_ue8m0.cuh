// Packs scales that are powers of two, a thread for each word. pack_ue8m0_params.hpp: arguments, launch shape, and which
// scales a word holds. Host side: cpp/dispatch/ops/convert/pack_ue8m0.cpp. CPU twin: cpp/emulation/ops/pack_ue8m0.cpp.
#pragma once

#include "common/live_rows.cuh"
#include "common/pack_ue8m0_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

__device__ __forceinline__ uint32_t packed_word(const PackUe8m0Params& params, const ScalesOfWord& scales, int64_t group,
                                                int64_t row) {
    const float* sf = params.sf + group * params.group_stride + row / params.rows_per_scale * params.mn_stride +
                      scales.first * params.k_stride;
    uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i)
        if (i < scales.count) word |= ue8m0_of_bits(__float_as_uint(sf[i * params.k_stride])) << (i * 8);
    return word;
}

// Neighbouring threads take neighbouring rows, whose words lie side by side where out is MN-major.
__device__ __forceinline__ void pack_ue8m0(const PackUe8m0Params& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int64_t tiles_of_words = (params.words + kPackWords - 1) / kPackWords;
    const int64_t tiles_of_mn = (params.mn + kPackMn - 1) / kPackMn, index = blockIdx.x;
    const int64_t word = index % tiles_of_words * kPackWords + threadIdx.x / kPackMn;
    const int64_t row = index / tiles_of_words % tiles_of_mn * kPackMn + threadIdx.x % kPackMn;
    const int64_t group = index / tiles_of_words / tiles_of_mn;
    if (row >= params.mn || word >= params.words) return;
    const ScalesOfWord scales = scales_of_word(params, word);
    if (scales.count < 0) return;
    const bool counts = live_mask(params.live, row, 1, end_of_live_rows(params.live, group, params.mn)) != 0;
    params.out[group * params.out_group_stride + row * params.out_mn_stride + word * params.out_word_stride] =
        counts ? packed_word(params, scales, group, row) : 0;
}

}  // namespace aotgemm
