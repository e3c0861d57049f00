// Packed FP4 codes with rows and columns exchanged, on the CPU. Device twin: cpp/kernels/common/transpose_fp4.cuh.
#include "emulation/ops/transpose_fp4.hpp"

#include "emulation/core/parallel.hpp"

namespace aotgemm::emulation {
namespace {

struct NoScratch {};

}  // namespace

void transpose_fp4(const TransposeFp4Params& params, int threads) {
    const int used = usable_threads(threads, params.bytes, params.bytes * params.pairs);
    for_each_item<NoScratch>(params.bytes, used, [&](std::int64_t byte, NoScratch&) {
        std::uint8_t* out = params.out + byte * 2 * params.out_row_stride;
        for (std::int64_t pair = 0; pair < params.pairs; ++pair) {
            const std::uint8_t* in = params.in + pair * 2 * params.in_row_stride + byte;
            const Fp4Square square = transposed(in[0], in[params.in_row_stride]);
            out[pair] = square.first;
            out[params.out_row_stride + pair] = square.second;
        }
    });
}

}  // namespace aotgemm::emulation
