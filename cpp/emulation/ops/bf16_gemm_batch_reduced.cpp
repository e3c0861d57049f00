// Sums over batches in family bf16_gemm: a chain for each range of batches, then the chains' results added in order.
#include <algorithm>
#include <vector>

#include "emulation/ops/bf16_gemm.hpp"
#include "emulation/core/output.hpp"
#include "emulation/core/parallel.hpp"
#include "emulation/sm90/mma_bf16_tf32_chain.hpp"

namespace aotgemm::emulation {
namespace {

using Operands = MmaBf16Tf32Operands<Bf16Format>;

std::vector<Operands> ranges_of(const Operands& all, std::int64_t batches_of_a_range) {
    std::vector<Operands> ranges;
    std::int64_t first = 0;
    do {
        Operands range = all.from_batch(first);
        range.batches = std::min(batches_of_a_range, all.batches - first);
        ranges.push_back(range);
        first += batches_of_a_range;
    } while (first < all.batches);
    return ranges;
}

struct RowSums {
    std::vector<float> values;
};

// Device twin: cpp/kernels/common/ordered_sum.cuh.
template <class Out>
void ordered_sum(const std::vector<float>& parts, std::int64_t count, Matrix<const void> c, Matrix<void> d,
                 int threads) {
    const int used = usable_threads(threads, d.rows, static_cast<std::int64_t>(parts.size()));
    for_each_item<RowSums>(d.rows, used, [&](std::int64_t row, RowSums& sums) {
        const float* part = parts.data() + row * d.cols;
        sums.values.assign(part, part + d.cols);
        for (std::int64_t i = 1; i < count; ++i) {
            part += d.rows * d.cols;
            for (std::int64_t column = 0; column < d.cols; ++column) {
                sums.values[column] = with_canonical_nan(sums.values[column] + part[column]);
            }
        }
        for (std::int64_t column = 0; column < d.cols; ++column) {
            store_output<Out>(c, d, row, column, sums.values[column]);
        }
    });
}

}  // namespace

void bf16_gemm_batch_reduced(const Bf16BatchReduced& gemm, OutType type, int threads) {
    const Operands all{gemm.a, gemm.b, gemm.batches, gemm.a_batch_stride, gemm.b_batch_stride};
    const std::vector<Operands> ranges = ranges_of(all, gemm.batches_of_a_range);
    const auto count = static_cast<std::int64_t>(ranges.size());
    std::vector<float> parts(static_cast<std::size_t>(count * gemm.d.rows * gemm.d.cols));
    for_each_mma_bf16_tf32_chain<Bf16Format>(
        std::span<const Operands>(ranges), threads,
        [&](std::int64_t range, std::int64_t row, std::int64_t column, float value) {
            parts[static_cast<std::size_t>((range * gemm.d.rows + row) * gemm.d.cols + column)] = value;
        });
    if (type == OutType::bf16) {
        ordered_sum<std::uint16_t>(parts, count, gemm.c, gemm.d, threads);
    } else {
        ordered_sum<float>(parts, count, gemm.c, gemm.d, threads);
    }
}

}  // namespace aotgemm::emulation
