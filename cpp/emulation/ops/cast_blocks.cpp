// Casts with a scale for several rows, on the CPU. Device twin: cpp/kernels/common/cast_blocks.cuh.
#include <algorithm>

#include "emulation/core/parallel.hpp"
#include "emulation/core/quantization.hpp"
#include "emulation/ops/cast_blocks.hpp"

namespace aotgemm::emulation {
namespace {

float to_float(float value) { return value; }
float to_float(std::uint16_t bits) { return float_from_bf16(bits); }

// Rows and columns of one block, within the matrix.
struct CastBlock {
    std::int64_t first_row, last_row, first_column, last_column;
};

template <class Element>
std::uint32_t block_amax(Matrix<const Element> x, const CastBlock& block) {
    std::uint32_t amax = 0;
    for (std::int64_t row = block.first_row; row < block.last_row; ++row) {
        const Element* values = x.data + row * x.row_stride;
        for (std::int64_t column = block.first_column; column < block.last_column; ++column)
            amax = std::max(amax, magnitude_bits(to_float(values[column])));
    }
    return amax;
}

template <class Element>
void quantise_block(Matrix<const Element> x, Matrix<std::uint8_t> q, const CastBlock& block, float inverse) {
    for (std::int64_t row = block.first_row; row < block.last_row; ++row) {
        const Element* values = x.data + row * x.row_stride;
        std::uint8_t* codes = q.data + row * q.row_stride;
        for (std::int64_t column = block.first_column; column < block.last_column; ++column)
            codes[column] = fp8_from_float(to_float(values[column]) * inverse);
    }
}

struct NoScratch {};

template <class Element>
void cast(Matrix<const Element> x, const CastBlocks& cast, int threads) {
    const std::int64_t bands = (x.rows + cast.block_rows - 1) / cast.block_rows;
    const int used = usable_threads(threads, bands, x.rows * x.cols);
    for_each_item<NoScratch>(bands, used, [&](std::int64_t band, NoScratch&) {
        for (std::int64_t column = 0; column < x.cols; column += cast.block_columns) {
            const CastBlock block{band * cast.block_rows, std::min(x.rows, (band + 1) * cast.block_rows), column,
                                  std::min(x.cols, column + cast.block_columns)};
            const float scale = block_scale(block_amax(x, block), kFp8Max, cast.use_ue8m0);
            quantise_block(x, cast.q, block, 1.0f / scale);
            cast.sf.data[band * cast.sf.row_stride + column / cast.block_columns * cast.sf.col_stride] = scale;
        }
    });
}

}  // namespace

void cast_blocks(const CastBlocks& call, int threads) {
    const auto typed = [&]<class Element>(const Element* data) {
        cast(Matrix<const Element>{data, call.x.rows, call.x.cols, call.x.row_stride, call.x.col_stride}, call, threads);
    };
    if (call.is_bf16) return typed(static_cast<const std::uint16_t*>(call.x.data));
    typed(static_cast<const float*>(call.x.data));
}

}  // namespace aotgemm::emulation
