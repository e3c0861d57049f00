#include "dispatch/choice.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "dispatch/checks.hpp"
#include "dispatch/cubin_store.hpp"
#include "dispatch/inventory.hpp"
#include "dispatch/selection.hpp"

namespace aotgemm {
namespace {

// The band of tile rows for which a wave of blocks reads the least: band * block_m rows of A and
// grid / band * block_n rows of B.
int32_t band_height(const aotgemm_spec& spec, int32_t grid, int64_t tiles_m) {
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
    return best;
}

void check_forced(const aotgemm_problem& problem, const char* arch, int32_t forced) {
    const auto same = [](const char* x, const char* y) { return std::strcmp(x, y) == 0; };
    const bool serves = forced < kSpecCount && same(kSpecs[forced].family, problem.family) &&
                        same(kSpecs[forced].arch, arch) && same(kSpecs[forced].grouping, problem.grouping) &&
                        same(kSpecs[forced].layout, problem.layout) && same(kSpecs[forced].out_dtype, problem.out_dtype);
    if (serves) return;
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "kernel: ", forced, " is not a ", problem.family, " kernel of ", arch, ", ",
         problem.grouping, " ", problem.layout, " with ", problem.out_dtype, " output");
}

Choice choose(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced) {
    if (forced >= 0) check_forced(problem, arch_of(device.description), forced);
    const aotgemm_selection selection = forced >= 0 ? describe_kernel(forced, problem, device.description)
                                                    : select_kernel(problem, device.description);
    const aotgemm_spec& spec = kSpecs[selection.kernel];
    if (selection.tiles > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "d: has ", selection.tiles, " tiles, allowed is at most ", INT32_MAX);
    }
    Choice choice;
    choice.kernel = selection.kernel;
    choice.cubin = find_cubin(spec.name, spec.arch);
    choice.grid = selection.grid;
    choice.band_m = band_height(spec, selection.grid, ceil_div(problem.m, spec.block_m));
    choice.streams_b = choice.band_m * spec.cluster_m * int64_t{spec.block_m} >= problem.m;
    return choice;
}

struct Entry {
    aotgemm_problem problem{};
    int32_t device = -1, forced = -1;
    Choice choice;
};

bool is_same(const aotgemm_problem& x, const aotgemm_problem& y) {
    return x.m == y.m && x.n == y.n && x.k == y.k && x.family == y.family && x.layout == y.layout &&
           x.out_dtype == y.out_dtype && x.grouping == y.grouping && x.groups == y.groups && x.num_sms == y.num_sms;
}

}  // namespace

const Choice& choose_kernel(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced) {
    constexpr std::size_t kEntries = 512;
    thread_local const std::unique_ptr<Entry[]> entries(new Entry[kEntries]);
    const uint64_t hash = (static_cast<uint64_t>(problem.m) * 0x9E3779B97F4A7C15u ^ static_cast<uint64_t>(problem.n)) *
                              0xC2B2AE3D27D4EB4Fu ^ static_cast<uint64_t>(problem.k);
    Entry& entry = entries[(hash * 0x9E3779B97F4A7C15u >> 40) % kEntries];
    if (!is_same(entry.problem, problem) || entry.device != device.handle || entry.forced != forced) {
        entry.choice = choose(problem, device, forced);
        entry.problem = problem;
        entry.device = device.handle;
        entry.forced = forced;
    }
    return entry.choice;
}

}  // namespace aotgemm
