// Family tf32_hc_prenorm_gemm on the CPU. Device twin: cpp/kernels/sm90/tf32_hc_prenorm_gemm/kernel.cuh.
#include <algorithm>
#include <vector>

#include "emulation/core/exact_fma.hpp"
#include "emulation/core/formats.hpp"
#include "emulation/core/lanes.hpp"
#include "emulation/core/output.hpp"
#include "emulation/core/parallel.hpp"
#include "emulation/ops/tf32_hc_prenorm_gemm.hpp"
#include "emulation/sm90/wgmma_bf16_tf32.hpp"

namespace aotgemm::emulation {
namespace {

constexpr std::int64_t kTileRows = 64;
constexpr int kChains = 8;  // of squares in a row

struct KRange {
    std::int64_t first, size;
};

// Runs of K blocks as equal as can be, the longer ones first.
KRange range_of(std::int64_t k, std::int64_t splits, std::int64_t split) {
    const std::int64_t blocks = k / kHcPrenormBlockK, least = blocks / splits, longer = blocks % splits;
    return {(split * least + std::min(split, longer)) * kHcPrenormBlockK,
            (least + (split < longer ? 1 : 0)) * kHcPrenormBlockK};
}

template <bool kHasFma>
AOTGEMM_INLINE float sum_of_squares(const float* row, std::int64_t size) {
    float chains[kChains] = {};
    for (std::int64_t k = 0; k < size; k += kChains)
        for (int i = 0; i < kChains; ++i) chains[i] = exact_fma<kHasFma>(row[k + i], row[k + i], chains[i]);
    return with_canonical_nan(((chains[0] + chains[1]) + (chains[2] + chains[3])) +
                              ((chains[4] + chains[5]) + (chains[6] + chains[7])));
}

AOTGEMM_TARGET_AVX2 float sum_of_squares_avx2(const float* row, std::int64_t size) {
    return sum_of_squares<true>(row, size);
}

float sum_of_squares_of(const float* row, std::int64_t size) {
    if (host_instruction_set() == InstructionSet::baseline) return sum_of_squares<kBaselineHasFma>(row, size);
    return sum_of_squares_avx2(row, size);
}

struct Rows {
    std::vector<float> values;  // of a tile of A in FP32
};

// One tile of rows in one split.
void compute(const HcPrenormGemm& gemm, const std::vector<std::uint32_t>& b, std::int64_t first_row, std::int64_t split,
             Rows& rows) {
    const KRange range = range_of(gemm.a.cols, gemm.splits, split);
    const std::int64_t count = std::min(kTileRows, gemm.a.rows - first_row), columns = gemm.b.rows;
    rows.values.resize(static_cast<std::size_t>(count * range.size));
    for (std::int64_t row = 0; row < count; ++row) {
        const std::uint16_t* from = gemm.a.data + (first_row + row) * gemm.a.row_stride;
        float* to = rows.values.data() + row * range.size;
        for (std::int64_t k = 0; k < range.size; ++k)
            to[k] = float_from_bf16(from[(range.first + k) * gemm.a.col_stride]);
        gemm.sqr_sum[split * gemm.a.rows + first_row + row] = sum_of_squares_of(to, range.size);
    }
    const auto* a_bits = reinterpret_cast<const std::uint32_t*>(rows.values.data());
    const Matrix<float> d{gemm.d.data + split * gemm.d_split_stride + first_row * gemm.d.row_stride, count, columns,
                          gemm.d.row_stride, gemm.d.col_stride};
    tf32_chain({a_bits, count, range.size, range.size, 1},
               {b.data() + range.first, columns, range.size, gemm.b.cols, 1}, d, 1);
}

std::vector<std::uint32_t> rounded(Matrix<const float> b) {
    std::vector<std::uint32_t> bits(static_cast<std::size_t>(b.rows * b.cols));
    for (std::int64_t row = 0; row < b.rows; ++row)
        for (std::int64_t k = 0; k < b.cols; ++k)
            bits[static_cast<std::size_t>(row * b.cols + k)] =
                tf32_from_float(std::bit_cast<std::uint32_t>(b.data[row * b.row_stride + k * b.col_stride]));
    return bits;
}

}  // namespace

void tf32_hc_prenorm_gemm(const HcPrenormGemm& gemm, int threads) {
    const std::vector<std::uint32_t> b = rounded(gemm.b);
    const std::int64_t tiles = (gemm.a.rows + kTileRows - 1) / kTileRows, items = tiles * gemm.splits;
    const int used = usable_threads(threads, items, gemm.a.rows * gemm.a.cols * gemm.b.rows);
    for_each_item<Rows>(items, used, [&](std::int64_t item, Rows& rows) {
        compute(gemm, b, item % tiles * kTileRows, item / tiles, rows);
    });
}

}  // namespace aotgemm::emulation
