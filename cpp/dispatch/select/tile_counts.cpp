#include "dispatch/select/tile_counts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "dispatch/base/checks.hpp"
#include "dispatch/select/batch_ranges.hpp"
#include "dispatch/select/operand_bytes.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kGroupAlignment = 128;  // rows that a group of a shared A starts at a multiple of

// In the order of TileGrouping; a word that is none of them has no kernel, and is refused before.
constexpr std::array<const char*, 7> kGroupings{"dense",  "batched",   "contiguous",   "psum",
                                                "masked", "k_grouped", "batch_reduced"};

// As ceil_div. Selection over a range of M is mostly divisions, and those of 32 bits take a fraction of the time.
int64_t parts_of(int64_t size, int32_t part) {
    if (size > INT32_MAX) return ceil_div(size, part);
    return (static_cast<uint32_t>(size) + static_cast<uint32_t>(part) - 1) / static_cast<uint32_t>(part);
}

// Blocks of a cluster take neighbouring tiles; most kernels have clusters of one, and need no division.
int64_t fill_clusters(int64_t tiles, int32_t cluster) { return cluster == 1 ? tiles : align_up(tiles, cluster); }

TileGrouping grouping_of(const char* word) {
    const auto found = std::find_if(kGroupings.begin(), kGroupings.end(),
                                    [&](const char* known) { return std::strcmp(known, word) == 0; });
    return found == kGroupings.end() ? TileGrouping::dense : static_cast<TileGrouping>(found - kGroupings.begin());
}

// Of a family that is none, as of the first: it has no kernel, and is refused.
const OperandBytes& bytes_of(const char* family) {
    const std::span rows(kOperandBytes, kOperandBytesCount);
    const auto found = std::ranges::find_if(rows, [&](const OperandBytes& row) { return std::strcmp(row.family, family) == 0; });
    return found == rows.end() ? rows.front() : *found;
}

bool shares_rows(TileGrouping grouping) {
    return grouping == TileGrouping::contiguous || grouping == TileGrouping::psum;
}

bool has_groups_of_rows(TileGrouping grouping) { return shares_rows(grouping) || grouping == TileGrouping::masked; }

// Where the host does not know how many tiles are live, blocks for all of them start.
bool is_counted_on_device(TileGrouping grouping) {
    return grouping == TileGrouping::psum || grouping == TileGrouping::masked;
}

// Tile rows of masked groups of a mean size, as a router draws them: the last tile of a group is half empty on average,
// and a live group has one at least.
double expected_masked_rows(const Extents& of, int32_t block_m) {
    return static_cast<double>(of.groups) * std::max(static_cast<double>(of.m) / block_m + 0.5, 1.0);
}

// Tile rows of psum groups, of which the host knows how many spans of 128 rows they fill, one each at least: the last
// span of a group may hold any number of rows, the others are whole. A group has one tile row at least.
double expected_psum_rows(const Extents& of, int32_t block_m) {
    const double groups = static_cast<double>(of.groups), spans = static_cast<double>(of.m) / kGroupAlignment;
    const double tiles_of_span = static_cast<double>(kGroupAlignment) / block_m;
    return std::max(std::max(spans - groups, 0.0) * tiles_of_span + groups * (tiles_of_span + 1) / 2, groups);
}

// Rows of all groups together: M is the sum of spans of whole multiples of 128, whose last one is half full on average.
double live_rows(const Extents& of) {
    return std::max(static_cast<double>(of.m - of.groups * (kGroupAlignment / 2)), static_cast<double>(of.groups));
}

// Tile rows of groups of rows: those to expect where the host does not know their sizes.
int64_t expected_rows(const Extents& of, int32_t block_m) {
    switch (of.grouping) {
        case TileGrouping::psum: return static_cast<int64_t>(std::ceil(expected_psum_rows(of, block_m)));
        case TileGrouping::masked: return static_cast<int64_t>(std::ceil(expected_masked_rows(of, block_m)));
        default: return parts_of(of.m, block_m);  // contiguous: a row without a partner is no more
    }
}

int64_t all_rows(const TileShape& shape, const Extents& of) {
    if (has_groups_of_rows(of.grouping)) return expected_rows(of, shape.block_m);
    const int64_t rows_of_one = fill_clusters(parts_of(of.m, shape.block_m), shape.cluster_m);
    return (of.grouping == TileGrouping::batch_reduced ? of.ranges : of.groups) * rows_of_one;
}

// How often B arrives from device memory. Tile rows of one group that no cluster joins drift apart, and the L2 does not
// hold B until the last of them comes: singles read it once more, see cpp/kernels/sm90/schedule/paired_scheduler.cuh.
double reads_of_b(const TileShape& shape, const Extents& of) {
    if (!of.may_read_b_again) return 1;
    // Tiles of padding count among those of the contiguous layout.
    const bool counts_padding = of.grouping == TileGrouping::contiguous;
    const int32_t block_m = counts_padding ? std::max(shape.block_m, kGroupAlignment) : shape.block_m;
    const double rows = static_cast<double>(std::max<int64_t>(expected_rows(of, block_m), 1));
    const double of_a_group = rows / std::min(static_cast<double>(of.groups), rows);
    return std::clamp(of_a_group / shape.cluster_m, 1.0, 2.0);
}

double read_bytes(const TileShape& shape, const Extents& of) {
    const double m = static_cast<double>(of.m), n = static_cast<double>(of.n), k = static_cast<double>(of.k);
    const double groups = static_cast<double>(of.groups);
    if (of.grouping == TileGrouping::k_grouped) return (m * of.element_bytes + n * of.bytes_of_b) * k;  // k of all groups
    const double rows = shares_rows(of.grouping) ? live_rows(of) : groups * m;
    return (rows * of.element_bytes + reads_of_b(shape, of) * groups * n * of.bytes_of_b) * k;
}

}  // namespace

Extents::Extents(const aotgemm_problem& problem)
    : grouping(grouping_of(problem.grouping)), m(0), n(problem.n), k(problem.k), groups(problem.groups),
      num_sms(problem.num_sms), element_bytes(bytes_of(problem.family).a), bytes_of_b(bytes_of(problem.family).b),
      out_bytes(std::strcmp(problem.out_dtype, "fp32") == 0 ? 4 : 2), a_is_k_major(problem.layout[0] == 'n'), ranges(1),
      k_products(1),
      may_read_b_again(has_groups_of_rows(grouping) && std::strcmp(problem.family, "fp8_gemm_1d2d") == 0) {
    set_m(problem.m);
}

void Extents::set_m(int64_t rows) {
    m = rows;
    if (grouping != TileGrouping::batch_reduced) return;
    ranges = batch_ranges(groups, m, n);
    k_products = batches_of_a_range(groups, m, n);
}

TileShape::TileShape(const aotgemm_spec& spec, const Extents& of)
    : block_m(spec.block_m), cluster_m(spec.cluster_m), cluster_n(spec.cluster_n) {
    const int32_t cluster = cluster_m * cluster_n;
    most_blocks = std::max(of.num_sms / cluster, 1) * cluster;
    columns = align_up(ceil_div(of.n, spec.block_n), cluster_n);
    past_n = columns * spec.block_n - of.n;
    const int64_t k = of.grouping == TileGrouping::k_grouped ? ceil_div(of.k, of.groups) : of.k;
    k_bytes = align_up(k, spec.block_k) * of.element_bytes;  // stages hold no two batches
}

TileCounts count_tiles(const TileShape& shape, const Extents& of) {
    TileCounts out{};
    const int64_t rows = all_rows(shape, of);
    out.tiles = rows * shape.columns;
    out.working = static_cast<int32_t>(std::min<int64_t>(out.tiles, shape.most_blocks));
    out.waves = parts_of(out.tiles, out.working);
    // A launch has whole clusters.
    const int64_t whole = fill_clusters(out.working, shape.cluster_m * shape.cluster_n);
    out.grid = is_counted_on_device(of.grouping) ? shape.most_blocks : static_cast<int32_t>(whole);
    const auto k_bytes = static_cast<double>(shape.k_bytes * of.k_products);
    out.k_blocks = k_bytes / kBytesOfKBlock;
    out.read_bytes = read_bytes(shape, of);
    // The groups of a shared A follow one another, and rows of a masked group have memory: their tiles end inside.
    const bool ends_inside = has_groups_of_rows(of.grouping);
    const int64_t parts = of.grouping == TileGrouping::batch_reduced ? of.ranges : of.groups;
    const int64_t past_m = ends_inside ? 0 : rows * shape.block_m - parts * of.m;
    // The blocks of a cluster share what they load.
    out.outside_bytes = (static_cast<double>(past_m) * static_cast<double>(shape.columns) / shape.cluster_n +
                         static_cast<double>(shape.past_n) * static_cast<double>(rows) / shape.cluster_m) *
                        k_bytes;
    return out;
}

}  // namespace aotgemm
