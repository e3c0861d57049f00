#include "dispatch/select/tile_counts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "dispatch/base/checks.hpp"
#include "dispatch/select/batch_ranges.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kBytesOfKBlock = 128;
constexpr int64_t kGroupAlignment = 128;  // rows that a group of a shared A starts at a multiple of

// In the order of Grouping; a word that is none of them has no kernel, and is refused before.
constexpr std::array<const char*, 7> kGroupings{"dense",  "batched",   "contiguous",   "psum",
                                                "masked", "k_grouped", "batch_reduced"};

// As ceil_div. Selection over a range of M is mostly divisions, and those of 32 bits take a fraction of the time.
int64_t parts_of(int64_t size, int32_t part) {
    if (size > INT32_MAX) return ceil_div(size, part);
    return (static_cast<uint32_t>(size) + static_cast<uint32_t>(part) - 1) / static_cast<uint32_t>(part);
}

// Blocks of a cluster take neighbouring tiles; most kernels have clusters of one, and need no division.
int64_t fill_clusters(int64_t tiles, int32_t cluster) { return cluster == 1 ? tiles : align_up(tiles, cluster); }

Grouping grouping_of(const char* word) {
    const auto found = std::find_if(kGroupings.begin(), kGroupings.end(),
                                    [&](const char* known) { return std::strcmp(known, word) == 0; });
    return found == kGroupings.end() ? Grouping::dense : static_cast<Grouping>(found - kGroupings.begin());
}

bool shares_rows(Grouping grouping) { return grouping == Grouping::contiguous || grouping == Grouping::psum; }

// Where the host does not know how many tiles are live, blocks for all of them start.
bool is_counted_on_device(Grouping grouping) { return grouping == Grouping::psum || grouping == Grouping::masked; }

// Tile rows of masked groups of a mean size, as a router draws them: the last tile of a group is half empty on average,
// and a live group has one at least.
double expected_masked_rows(const Extents& of, int32_t block_m) {
    return static_cast<double>(of.groups) * std::max(static_cast<double>(of.m) / block_m + 0.5, 1.0);
}

// Tile rows of psum groups, of which the host knows how many spans of 128 rows they fill. With sizes that fall off
// exponentially, as those of experts do, the share of groups that reach past 128 rows is that of spans that are not a
// group's first; its (block_m / 128)th power reach past a tile. Powers are roots and products, exact on every machine.
double expected_psum_rows(const Extents& of, int32_t block_m) {
    const double groups = static_cast<double>(of.groups), spans = static_cast<double>(of.m) / kGroupAlignment;
    const double longer = std::max(spans - groups, 0.0) / spans;
    const double root = std::sqrt(std::sqrt(std::sqrt(std::sqrt(longer))));
    double past_tile = 1;
    for (int32_t rows = 0; rows < block_m; rows += kGroupAlignment / 16) past_tile *= root;
    return groups / (1 - past_tile);
}

// Rows of all groups together: M is the sum of spans of whole multiples of 128, whose last one is half full on average.
double live_rows(const Extents& of) {
    return std::max(static_cast<double>(of.m - of.groups * (kGroupAlignment / 2)), static_cast<double>(of.groups));
}

int64_t all_rows(const aotgemm_spec& spec, const Extents& of) {
    switch (of.grouping) {
        case Grouping::contiguous: return fill_clusters(parts_of(of.m, spec.block_m), spec.cluster_m);
        case Grouping::psum: return static_cast<int64_t>(std::ceil(expected_psum_rows(of, spec.block_m)));
        case Grouping::masked: return static_cast<int64_t>(std::ceil(expected_masked_rows(of, spec.block_m)));
        case Grouping::batch_reduced: return of.ranges * fill_clusters(parts_of(of.m, spec.block_m), spec.cluster_m);
        default: return of.groups * fill_clusters(parts_of(of.m, spec.block_m), spec.cluster_m);
    }
}

double read_bytes(const Extents& of) {
    const double m = static_cast<double>(of.m), n = static_cast<double>(of.n), k = static_cast<double>(of.k);
    const double groups = static_cast<double>(of.groups);
    if (of.grouping == Grouping::k_grouped) return (m + n) * k * of.element_bytes;  // k is that of all groups
    const double rows = shares_rows(of.grouping) ? live_rows(of) : groups * m;
    return (rows + groups * n) * k * of.element_bytes;
}

}  // namespace

Extents::Extents(const aotgemm_problem& problem)
    : grouping(grouping_of(problem.grouping)), m(problem.m), n(problem.n), k(problem.k), groups(problem.groups),
      num_sms(problem.num_sms), element_bytes(std::strcmp(problem.family, "bf16_gemm") == 0 ? 2 : 1), ranges(1),
      k_products(1) {
    if (grouping != Grouping::batch_reduced) return;
    ranges = batch_ranges(groups, m, n);
    k_products = batches_of_a_range(groups, m, n);
}

TileCounts count_tiles(const aotgemm_spec& spec, const Extents& of) {
    TileCounts out{};
    const int64_t rows = all_rows(spec, of);
    const int64_t columns = fill_clusters(parts_of(of.n, spec.block_n), spec.cluster_n);
    const int32_t cluster = spec.cluster_m * spec.cluster_n;
    const int32_t most = cluster == 1 ? of.num_sms : std::max(of.num_sms / cluster, 1) * cluster;
    out.tiles = rows * columns;
    out.working = static_cast<int32_t>(std::min<int64_t>(out.tiles, most));
    out.waves = out.tiles <= most ? 1 : parts_of(out.tiles, most);
    out.grid = is_counted_on_device(of.grouping) ? most : out.working;
    const int64_t k = of.grouping == Grouping::k_grouped ? ceil_div(of.k, of.groups) : of.k;
    const int64_t k_bytes = parts_of(k, spec.block_k) * spec.block_k * of.k_products * of.element_bytes;  // stages hold no two batches
    out.k_blocks = static_cast<double>(k_bytes) / kBytesOfKBlock;
    out.read_bytes = read_bytes(of);
    // The groups of a shared A follow one another, and rows of a masked group have memory: their tiles end inside.
    const bool ends_inside = shares_rows(of.grouping) || of.grouping == Grouping::masked;
    const int64_t parts = of.grouping == Grouping::batch_reduced ? of.ranges : of.groups;
    const int64_t past_m = ends_inside ? 0 : rows * spec.block_m - parts * of.m;
    const int64_t past_n = columns * spec.block_n - of.n;
    // The blocks of a cluster share what they load.
    out.outside_bytes = (static_cast<double>(past_m) * static_cast<double>(columns) / spec.cluster_n +
                         static_cast<double>(past_n) * static_cast<double>(rows) / spec.cluster_m) *
                        static_cast<double>(k_bytes);
    return out;
}

}  // namespace aotgemm
