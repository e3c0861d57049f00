// One instruction of kinds mxf4 and mxf4nvf4.
#include <vector>

#include "emulation/core/float_environment.hpp"
#include "emulation/core/special_values.hpp"
#include "emulation/sm100/mxf4_step.hpp"
#include "emulation/sm100/ue4m3.hpp"
#include "emulation/sm100/ue8m0.hpp"

namespace aotgemm::emulation {
namespace {

struct DecodedRow {
    std::int8_t twice[kMmaMxf4Step];
    Mxf4Scale scales[kMxf4Groups];  // significands in eighths
    bool has_nan = false;
};

struct DecodedScale {
    Mxf4Scale scale;
    bool is_nan;
};

DecodedScale decode_ue8m0(std::uint8_t scale) {
    return {{ue8m0_exponent(scale), kUe4m3One}, is_ue8m0_nan(scale)};
}
DecodedScale decode_ue4m3(std::uint8_t scale) {
    return {{ue4m3_exponent(scale), ue4m3_significand(scale)}, is_ue4m3_nan(scale)};
}

// `groups`: how many of them share a scale.
template <DecodedScale (*kDecode)(std::uint8_t)>
DecodedRow decode_row(const MmaOperand& operand, std::int64_t row, int groups) {
    DecodedRow out;
    for (int k = 0; k < kMmaMxf4Step; ++k) out.twice[k] = twice_e2m1(operand.data[row * operand.stride + k]);
    for (int group = 0; group < kMxf4Groups; ++group) {
        const DecodedScale decoded = kDecode(operand.scales[row * operand.scale_stride + group / groups]);
        out.scales[group] = decoded.scale;
        out.has_nan |= decoded.is_nan;
    }
    return out;
}

template <DecodedScale (*kDecode)(std::uint8_t)>
std::vector<DecodedRow> decode_rows(const MmaOperand& operand, std::int64_t count, int groups) {
    std::vector<DecodedRow> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (std::int64_t row = 0; row < count; ++row) rows.push_back(decode_row<kDecode>(operand, row, groups));
    return rows;
}

float sum_of(const DecodedRow& a, const DecodedRow& b, float c) {
    if (a.has_nan || b.has_nan || std::isnan(c)) return canonical_nan();
    if (std::isinf(c)) return c;
    Mxf4Scale scales[kMxf4Groups];
    for (int group = 0; group < kMxf4Groups; ++group)
        scales[group] = {a.scales[group].exponent + b.scales[group].exponent,
                         a.scales[group].significand * b.scales[group].significand};
    return mxf4_step(a.twice, b.twice, scales, c);
}

template <DecodedScale (*kDecode)(std::uint8_t)>
void multiply(const MmaOperand& a, const MmaOperand& b, int groups, Matrix<float> d) {
    const DefaultFloatEnvironment environment;
    const std::vector<DecodedRow> rows = decode_rows<kDecode>(a, d.rows, groups),
                                  columns = decode_rows<kDecode>(b, d.cols, groups);
    for (std::int64_t row = 0; row < d.rows; ++row)
        for (std::int64_t column = 0; column < d.cols; ++column) {
            float& c = d.data[row * d.row_stride + column * d.col_stride];
            c = sum_of(rows[static_cast<std::size_t>(row)], columns[static_cast<std::size_t>(column)], c);
        }
}

}  // namespace

void mma_mxf4(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) {
    multiply<decode_ue8m0>(a, b, kMxf4ScaleGroups, d);
}

void mma_mxf4nvf4(const MmaOperand& a, const MmaOperand& b, ScaleType scales, Matrix<float> d) {
    if (scales == ScaleType::ue8m0) multiply<decode_ue8m0>(a, b, 1, d);
    else multiply<decode_ue4m3>(a, b, 1, d);
}

}  // namespace aotgemm::emulation
