// One instruction of kinds f8f6f4 and mxf8f6f4, tile by tile.
#include <algorithm>
#include <memory>

#include "emulation/core/float_environment.hpp"
#include "emulation/sm100/f8f6f4_tile.hpp"

namespace aotgemm::emulation {
namespace {

MmaOperand from_row(MmaOperand operand, std::int64_t row) {
    operand.data += row * operand.stride;
    if (operand.scales != nullptr) operand.scales += row * operand.scale_stride;
    return operand;
}

void run_tile(Matrix<float> d, const TileOrigin& tile, F8f6f4Scratch& scratch) {
    float* origin = d.data + tile.row * d.row_stride + tile.column * d.col_stride;
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < kF8f6f4PanelColumns; ++column)
            scratch.chain[row][column] =
                column < tile.columns ? origin[row * d.row_stride + column * d.col_stride] : 0.0f;
    run_f8f6f4_step(tile.rows, tile.columns, scratch);
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            origin[row * d.row_stride + column * d.col_stride] = scratch.chain[row][column];
}

}  // namespace

void mma_f8f6f4(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) {
    thread_local const auto scratch = std::make_unique<F8f6f4Scratch>();
    const DefaultFloatEnvironment environment;
    for (std::int64_t row = 0; row < d.rows; row += kF8f6f4TileRows) {
        const auto rows = static_cast<int>(std::min<std::int64_t>(kF8f6f4TileRows, d.rows - row));
        load_f8f6f4_rows(from_row(a, row), rows, *scratch);
        for (std::int64_t column = 0; column < d.cols; column += kF8f6f4PanelColumns) {
            const auto columns = static_cast<int>(std::min<std::int64_t>(kF8f6f4PanelColumns, d.cols - column));
            load_f8f6f4_panel(from_row(b, column), columns, *scratch);
            run_tile(d, {row, column, rows, columns}, *scratch);
        }
    }
}

}  // namespace aotgemm::emulation
