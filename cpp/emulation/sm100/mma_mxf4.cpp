// One instruction of kind mxf4.
#include <vector>

#include "emulation/core/float_environment.hpp"
#include "emulation/core/special_values.hpp"
#include "emulation/sm100/mxf4_step.hpp"
#include "emulation/sm100/ue8m0.hpp"

namespace aotgemm::emulation {
namespace {

struct DecodedRow {
    std::int8_t twice[kMmaMxf4Step];
    std::int32_t scale_exponents[kMxf4Groups];
    bool has_nan = false;
};

DecodedRow decode_row(const MmaOperand& operand, std::int64_t row) {
    DecodedRow out;
    for (int k = 0; k < kMmaMxf4Step; ++k) out.twice[k] = twice_e2m1(operand.data[row * operand.stride + k]);
    for (int group = 0; group < kMxf4Groups; ++group) {
        const std::uint8_t scale = operand.scales[row * operand.scale_stride + group / kMxf4ScaleGroups];
        out.scale_exponents[group] = ue8m0_exponent(scale);
        out.has_nan |= is_ue8m0_nan(scale);
    }
    return out;
}

std::vector<DecodedRow> decode_rows(const MmaOperand& operand, std::int64_t count) {
    std::vector<DecodedRow> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (std::int64_t row = 0; row < count; ++row) rows.push_back(decode_row(operand, row));
    return rows;
}

float sum_of(const DecodedRow& a, const DecodedRow& b, float c) {
    if (a.has_nan || b.has_nan || std::isnan(c)) return canonical_nan();
    if (std::isinf(c)) return c;
    std::int32_t exponents[kMxf4Groups];
    for (int group = 0; group < kMxf4Groups; ++group)
        exponents[group] = a.scale_exponents[group] + b.scale_exponents[group];
    return mxf4_step(a.twice, b.twice, exponents, c);
}

}  // namespace

void mma_mxf4(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) {
    const DefaultFloatEnvironment environment;
    const std::vector<DecodedRow> rows = decode_rows(a, d.rows), columns = decode_rows(b, d.cols);
    for (std::int64_t row = 0; row < d.rows; ++row)
        for (std::int64_t column = 0; column < d.cols; ++column) {
            float& c = d.data[row * d.row_stride + column * d.col_stride];
            c = sum_of(rows[static_cast<std::size_t>(row)], columns[static_cast<std::size_t>(column)], c);
        }
}

}  // namespace aotgemm::emulation
