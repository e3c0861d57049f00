// Family fp8_fp4_gemm on the CPU. Device twin: cpp/kernels/sm100/fp8_fp4_gemm/kernel.cuh.
#include "emulation/ops/fp8_fp4_gemm.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "emulation/core/output.hpp"
#include "emulation/sm100/f8f6f4_tile.hpp"
#include "emulation/sm90/fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

constexpr int kStep = kMmaF8f6f4Step;
constexpr int kScalesOfWord = 4;

// One step of some rows of an operand, a byte for each code.
template <int kRows>
struct StepRows {
    alignas(64) std::uint8_t codes[kRows][kStep];
    std::uint8_t scales[kRows];
};

struct Scratch {
    F8f6f4Scratch tile;
    StepRows<kF8f6f4TileRows> a;
    StepRows<kF8f6f4PanelColumns> b;
};

std::uint8_t half_of(std::uint8_t byte, std::int64_t number) { return byte >> number % 2 * 4 & 0xF; }

// Codes of a row whose neighbours share its bytes.
void copy_shared_codes(const Matrix<const std::uint8_t>& codes, std::int64_t row, std::int64_t k, int count,
                       std::uint8_t* out) {
    const std::uint8_t* begin = codes.data + row / 2 * codes.row_stride;
    for (int i = 0; i < count; ++i) out[i] = half_of(begin[(k + i) * codes.col_stride], row);
}

// As many codes of a row as there are, zeros behind them.
void copy_codes(const Fp8Fp4Operand& operand, std::int64_t row, std::int64_t k, std::uint8_t* codes) {
    const auto& [data, rows, columns, row_stride, column_stride] = operand.codes;
    const auto present = static_cast<int>(std::min<std::int64_t>(kStep, columns - k));
    std::memset(codes, 0, kStep);
    if (operand.packs_rows) return copy_shared_codes(operand.codes, row, k, present, codes);
    const std::uint8_t* begin = data + row * row_stride;
    if (operand.type == MmaType::e2m1) {
        for (int i = 0; i < present; ++i) codes[i] = half_of(begin[(k + i) / 2], k + i);
    } else if (column_stride == 1) {
        std::memcpy(codes, begin + k, static_cast<std::size_t>(present));
    } else {
        for (int i = 0; i < present; ++i) codes[i] = begin[(k + i) * column_stride];
    }
}

std::uint8_t scale_at(const Fp8Fp4Operand& operand, std::int64_t row, std::int64_t k) {
    const Matrix<const std::uint32_t>& words = operand.scales;
    const std::int64_t scale = k / operand.gran_k;
    const std::uint32_t word = words.data[row * words.row_stride + scale / kScalesOfWord * words.col_stride];
    return static_cast<std::uint8_t>(word >> scale % kScalesOfWord * 8);
}

template <int kRows>
MmaOperand gather(const Fp8Fp4Operand& operand, std::int64_t first, int count, std::int64_t k, StepRows<kRows>& out) {
    for (int row = 0; row < count; ++row) {
        copy_codes(operand, first + row, k, out.codes[row]);
        out.scales[row] = scale_at(operand, first + row, k);
    }
    return {operand.type, out.codes[0], kStep, out.scales, 1};
}

void accumulate(const Fp8Fp4Gemm& gemm, const TileOrigin& tile, Scratch& scratch) {
    std::memset(scratch.tile.chain, 0, sizeof(scratch.tile.chain));
    for (std::int64_t k = 0; k < gemm.a.codes.cols; k += kStep) {
        load_f8f6f4_rows(gather(gemm.a, tile.row, tile.rows, k, scratch.a), tile.rows, scratch.tile);
        load_f8f6f4_panel(gather(gemm.b, tile.column, tile.columns, k, scratch.b), tile.columns, scratch.tile);
        run_f8f6f4_step(tile.rows, tile.columns, scratch.tile);
    }
}

template <class Out>
void store(const Fp8Fp4Gemm& gemm, const TileOrigin& tile, const F8f6f4Scratch& sums) {
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            store_output<Out>(gemm.c, gemm.d, tile.row + row, column_of_d(gemm.skipped, tile.column + column),
                              sums.chain[row][column]);
}

// What the loop over tiles asks of a GEMM.
struct Tiled {
    const Fp8Fp4Gemm* gemm;
    Matrix<const std::uint8_t> a, b;
};

}  // namespace

void fp8_fp4_gemm(std::span<const Fp8Fp4Gemm> gemms, OutType type, int threads) {
    std::vector<Tiled> tiled;
    for (const Fp8Fp4Gemm& gemm : gemms) tiled.push_back({&gemm, gemm.a.codes, gemm.b.codes});
    for_each_fp8_tile<Scratch>(std::span<const Tiled>(tiled), threads,
                               [&](const Tiled& of, const TileOrigin& tile, Scratch& scratch) {
                                   accumulate(*of.gemm, tile, scratch);
                                   const auto put = type == OutType::fp32 ? store<float> : store<std::uint16_t>;
                                   put(*of.gemm, tile, scratch.tile);
                               });
}

}  // namespace aotgemm::emulation
