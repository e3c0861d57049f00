// Packs scales that are powers of two on the CPU. Device twin: cpp/kernels/common/pack_ue8m0.cuh.
#include "emulation/ops/pack_ue8m0.hpp"

#include <bit>

namespace aotgemm::emulation {

void pack_ue8m0(const PackUe8m0Params& params, std::int64_t group, std::int64_t first, std::int64_t last, bool counts) {
    for (std::int64_t word = 0; word < params.words; ++word) {
        const ScalesOfWord scales = scales_of_word(params, word);
        if (scales.count < 0) continue;
        std::uint32_t* out = params.out + group * params.out_group_stride + word * params.out_word_stride;
        const float* sf = params.sf + group * params.group_stride + scales.first * params.k_stride;
        for (std::int64_t row = first; row < last; ++row) {
            const float* scale = sf + row / params.rows_per_scale * params.mn_stride;
            std::uint32_t packed = 0;
            for (int i = 0; counts && i < scales.count; ++i) {
                packed |= ue8m0_of_bits(std::bit_cast<std::uint32_t>(scale[i * params.k_stride])) << (i * 8);
            }
            out[row * params.out_mn_stride] = packed;
        }
    }
}

}  // namespace aotgemm::emulation
