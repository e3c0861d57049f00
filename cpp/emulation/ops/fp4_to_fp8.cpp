// Weights in FP4 as FP8, on the CPU, a block of scales after the other. Device twin: cpp/kernels/common/fp4_to_fp8.cuh.
#include "emulation/ops/fp4_to_fp8.hpp"

#include <algorithm>
#include <bit>

#include "emulation/core/parallel.hpp"

namespace aotgemm::emulation {
namespace {

struct NoScratch {};

// What lies under one scale of the outputs.
struct Block {
    std::int64_t group, first_row, last_row, first_column, last_column;
};

// Calls body(row, column, code, scale) for every code of a block.
template <class Body>
void for_each_code(const Fp4ToFp8Params& params, const Block& block, Body&& body) {
    for (std::int64_t row = block.first_row; row < block.last_row; ++row) {
        const std::uint8_t* packed = params.packed + block.group * params.packed_group_stride + row * params.packed_row_stride;
        for (std::int64_t first = block.first_column; first < block.last_column; first += kFp4Gran) {
            const std::uint32_t scale = fp4_scale(params, block.group, row, first / kFp4Gran);
            const std::int64_t last = std::min(first + kFp4Gran, block.last_column);
            for (std::int64_t column = first; column < last; ++column) {
                body(row, column, fp4_of_byte(packed[column / 2], static_cast<std::uint32_t>(column % 2)), scale);
            }
        }
    }
}

std::uint32_t scale_of(const Fp4ToFp8Params& params, const Block& block) {
    std::uint32_t largest = 0;
    for_each_code(params, block, [&](std::int64_t, std::int64_t, std::uint32_t code, std::uint32_t scale) {
        if ((code & kFp4Magnitude) != 0 && scale != kUe8m0Nan) largest = std::max(largest, fp4_rank(code, scale));
    });
    return fp8_block_scale(largest);
}

void requantise(const Fp4ToFp8Params& params, const Block& block) {
    const std::uint32_t block_scale = scale_of(params, block);
    std::int32_t inexact = 0;
    std::uint8_t* q = params.q + block.group * params.q_group_stride;
    for_each_code(params, block, [&](std::int64_t row, std::int64_t column, std::uint32_t code, std::uint32_t scale) {
        const Fp8OfFp4 made = fp8_in_block(code, scale, block_scale);
        q[row * params.q_row_stride + column] = static_cast<std::uint8_t>(made.code);
        inexact += made.is_exact ? 0 : 1;
    });
    const std::int64_t row = block.first_row / params.block_rows, column = block.first_column / kFp8Gran;
    params.sf[block.group * params.sf_group_stride + row * params.sf_row_stride + column * params.sf_column_stride] =
        std::bit_cast<float>(block_scale << 23);
    params.inexact[block.group * params.inexact_group_stride + row * params.inexact_row_stride +
                   column * params.inexact_column_stride] = inexact;
}

}  // namespace

void fp4_to_fp8(const Fp4ToFp8Params& params, int threads) {
    const std::int64_t bands = (params.rows + params.block_rows - 1) / params.block_rows;
    const int used = usable_threads(threads, params.groups * bands, params.groups * params.rows * params.columns);
    for_each_item<NoScratch>(params.groups * bands, used, [&](std::int64_t item, NoScratch&) {
        const std::int64_t first_row = item % bands * params.block_rows;
        for (std::int64_t column = 0; column < params.columns; column += kFp8Gran) {
            requantise(params, {item / bands, first_row, std::min(params.rows, first_row + params.block_rows), column,
                                std::min(params.columns, column + kFp8Gran)});
        }
    });
}

}  // namespace aotgemm::emulation
