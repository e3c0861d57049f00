#include "dispatch/select/choice.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "dispatch/base/checks.hpp"
#include "dispatch/observe/call_lines.hpp"
#include "dispatch/runtime/cubin_store.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/select/selection.hpp"

namespace aotgemm {
namespace {

bool same_text(const char* x, const char* y) { return x == y || std::strcmp(x, y) == 0; }

bool same_class(const aotgemm_problem& x, const aotgemm_problem& y) {
    return same_text(x.family, y.family) && same_text(x.grouping, y.grouping) && same_text(x.layout, y.layout) &&
           same_text(x.out_dtype, y.out_dtype);
}

bool same_problem(const aotgemm_problem& x, const aotgemm_problem& y) {
    return x.m == y.m && x.n == y.n && x.k == y.k && x.groups == y.groups && x.num_sms == y.num_sms && same_class(x, y);
}

// Of FP8 tiles of 128 rows, where one band does not hold all. Blocks drift apart while they multiply, the L2 no longer holds
// what others still need, and some heights from 9 on are worse than others: 12 took 12% more cycles than 8 with 128x192
// tiles at 32768x4096x7168, and 16 took 17% more with 128x128 tiles and 8 groups of 4,096 rows; with these tiles 8 was within
// 1.5% of the best (H100 80GB HBM3, 2026-11-27). To BF16 it did not matter.
constexpr int32_t kMostGroupM = 8;

bool is_capped(const aotgemm_spec& spec) {
    return !same_text(spec.family, "bf16_gemm") && spec.block_m * spec.cluster_m == 128;
}

// The band of tile rows for which a wave of blocks reads the least: band * block_m rows of A and
// grid / band * block_n rows of B.
int32_t best_group_m(const aotgemm_spec& spec, int32_t grid, int64_t tiles_m) {
    const int32_t rows = static_cast<int32_t>(std::min<int64_t>(ceil_div(tiles_m, spec.cluster_m), 64));
    const int32_t clusters = std::max(1, grid / (spec.cluster_m * spec.cluster_n));
    int32_t best = 1;
    int64_t least = INT64_MAX;
    for (int32_t band = 1; band <= rows; ++band) {
        const int64_t reads = int64_t{band} * spec.cluster_m * spec.block_m +
                              ceil_div(clusters, band) * spec.cluster_n * spec.block_n;
        if (reads < least) {
            least = reads;
            best = band;
        }
    }
    return best < rows && is_capped(spec) ? std::min(best, kMostGroupM) : best;
}

void check_forced(int32_t forced, const aotgemm_problem& problem, const aotgemm_device& device) {
    const char* arch = arch_of(device);
    if (forced < kSpecCount) {
        const aotgemm_spec& spec = kSpecs[forced];
        if (same_text(spec.arch, arch) && is_of_kind(spec, problem)) return;
    }
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "kernel: ", forced, " is not a kernel of ", arch, " for ", problem.family, " ",
         problem.grouping, " ", problem.layout, " with ", problem.out_dtype, " output; `aotgemm list` shows those");
}

Choice choose(const aotgemm_problem& problem, const aotgemm_device& device, int32_t forced) {
    if (forced >= 0) check_forced(forced, problem, device);
    const aotgemm_selection selection =
        forced >= 0 ? describe_kernel(forced, problem, device) : select_kernel(problem, device);
    const aotgemm_spec& spec = kSpecs[selection.kernel];
    check_tiles(selection.tiles);
    const int64_t tiles_m = ceil_div(rows_of_a_group(problem), spec.block_m);
    return {.kernel = selection.kernel,
            .cubin = find_cubin(spec.name, spec.arch),
            .grid = selection.grid,
            .group_m = best_group_m(spec, selection.grid, tiles_m)};
}

struct Entry {
    aotgemm_problem problem{.family = "", .grouping = "", .layout = "", .out_dtype = "", .groups = 0, .m = -1, .n = -1,
                            .k = -1, .num_sms = 0};
    int32_t device = -1, forced = -1;
    Choice choice;
};

constexpr std::size_t kEntries = 1024;

std::size_t slot_of(const aotgemm_problem& problem) {
    uint64_t hash = static_cast<uint64_t>(problem.m) * 0x9E3779B97F4A7C15u ^ static_cast<uint64_t>(problem.n);
    hash = hash * 0xC2B2AE3D27D4EB4Fu ^ static_cast<uint64_t>(problem.k);
    hash = hash * 0xC2B2AE3D27D4EB4Fu ^ static_cast<uint64_t>(problem.groups) << 8 ^ static_cast<uint8_t>(problem.grouping[0]);
    return (hash * 0x9E3779B97F4A7C15u >> 40) % kEntries;
}

}  // namespace

int64_t rows_of_a_group(const aotgemm_problem& problem) {
    const bool of_all = same_text(problem.grouping, "contiguous") || same_text(problem.grouping, "psum");
    return of_all ? ceil_div(problem.m, std::max(problem.groups, 1)) : problem.m;
}

const Choice& find_choice(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced) {
    thread_local const std::unique_ptr<Entry[]> entries(new Entry[kEntries]);
    Entry& entry = entries[slot_of(problem)];
    if (entry.device != device.handle || entry.forced != forced || !same_problem(entry.problem, problem)) {
        entry.choice = choose(problem, device.description, forced);
        entry.problem = problem;
        entry.device = device.handle;
        entry.forced = forced;
    }
    return entry.choice;
}

const Choice& choose_kernel(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced) {
    const Choice& choice = find_choice(problem, device, forced);
    check_plan(problem, &device.description, choice.kernel);
    if (is_watched()) write_call_line(problem, &device.description, choice.kernel);
    return choice;
}

}  // namespace aotgemm
