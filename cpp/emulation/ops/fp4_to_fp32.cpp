// Packed FP4 times its scales, in FP32, on the CPU. Device twin: cpp/kernels/common/fp4_to_fp32.cuh.
#include "emulation/ops/fp4_to_fp32.hpp"

#include <bit>

#include "emulation/core/parallel.hpp"

namespace aotgemm::emulation {
namespace {

struct NoScratch {};

float scaled(std::uint32_t code, float scale) {
    const float product = std::bit_cast<float>(fp4_bits(code)) * scale;
    return std::bit_cast<float>(with_one_nan(std::bit_cast<std::uint32_t>(product)));
}

}  // namespace

void fp4_to_fp32(const Fp4ToFp32Params& params, int threads) {
    const int used = usable_threads(threads, params.rows, params.rows * params.bytes);
    for_each_item<NoScratch>(params.rows, used, [&](std::int64_t row, NoScratch&) {
        const std::uint8_t* packed = params.packed + row * params.packed_row_stride;
        float* out = params.out + row * params.out_row_stride;
        for (std::int64_t byte = 0; byte < params.bytes; ++byte) {
            const auto scale = std::bit_cast<float>(scale_bits(params, row, byte * 2));
            for (std::uint32_t place = 0; place < 2; ++place) {
                out[byte * 2 + place] = scaled(fp4_of_byte(packed[byte], place), scale);
            }
        }
    });
}

}  // namespace aotgemm::emulation
