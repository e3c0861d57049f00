#include "dispatch/select/selection.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "dispatch/runtime/device.hpp"
#include "dispatch/base/checks.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/select/sm100_facts.hpp"
#include "dispatch/select/time_model.hpp"

namespace aotgemm {
namespace {

aotgemm_problem with_sms(aotgemm_problem problem, const aotgemm_device& device) {
    const int32_t wanted = problem.num_sms > 0 ? problem.num_sms : device.num_sms;
    problem.num_sms = std::min(wanted, device.num_sms);
    return problem;
}

constexpr int64_t kMostElements = int64_t{1} << 62;

void check_extent(const char* name, int64_t extent, int64_t multiple) {
    if (extent > kMostExtent) fail(AOTGEMM_ERROR_SHAPE, name, ": is ", extent, ", allowed is at most ", kMostExtent);
    if (extent >= 1 && extent % multiple == 0) return;
    if (multiple == 1) fail(AOTGEMM_ERROR_SHAPE, name, ": is ", extent, ", allowed is from 1 on");
    fail(AOTGEMM_ERROR_SHAPE, name, ": is ", extent, ", must be a positive multiple of ", multiple, "; the nearest is ",
         std::max(align_up(extent, multiple), multiple));
}

void check_sizes(const aotgemm_problem& problem) {
    check_extent("groups", problem.groups, 1);
    check_extent("m", problem.m, 1);
    check_extent("n", problem.n, 8);
    check_extent("k", problem.k, std::strcmp(problem.family, "bf16_gemm") == 0 ? 1 : 16);
    if (problem.m > kMostElements / problem.n / problem.groups) {
        fail(AOTGEMM_ERROR_SHAPE, "groups, m, n: are ", problem.groups, ", ", problem.m, ", ", problem.n,
             ", allowed are at most 2^62 elements of D");
    }
}

void check_tile_size(const char* name, int32_t size, int32_t most) {
    if (size < 1 || size > most) fail(AOTGEMM_ERROR_SHAPE, "tile: ", name, " is ", size, ", allowed is 1 to ", most);
}

constexpr int32_t kMostTileSize = 1024;

void check_tile(const aotgemm_spec& tile) {
    check_tile_size("block_m", tile.block_m, kMostTileSize);
    check_tile_size("block_n", tile.block_n, kMostTileSize);
    check_tile_size("block_k", tile.block_k, kMostTileSize);
    check_tile_size("cluster_m", tile.cluster_m, 2);
    check_tile_size("cluster_n", tile.cluster_n, 2 / tile.cluster_m);
}

bool same_text(const char* x, const char* y) { return std::strcmp(x, y) == 0; }

// Reads one operand's part of a layout's name and returns what follows, or null if the spec does not read such an operand.
// In "t4" and "n4" it is FP4 that is not K-major, whose boxes are as wide as the TMA unpacks: a block must load whole ones.
const char* read_operand(const aotgemm_spec& spec, const char* layout, int side) {
    const char letter = spec.layout[side], mn_major = side == 0 ? 't' : 'n';
    if (layout == nullptr || layout[0] != letter) return nullptr;
    if (layout[1] != '4') return layout + 1;
    const int32_t loaded = side == 0 ? spec.block_m / spec.cluster_n : spec.block_n / spec.cluster_m;
    const bool may_be_fp4 = same_text(spec.family, "fp8_fp4_gemm") && letter == mn_major && loaded % kFp4BoxElements == 0;
    return may_be_fp4 ? layout + 2 : nullptr;
}

bool reads_layout(const aotgemm_spec& spec, const char* layout) {
    const char* rest = read_operand(spec, read_operand(spec, layout, 0), 1);
    return rest != nullptr && rest[0] == '\0';
}

bool serves(const aotgemm_spec& spec, const aotgemm_problem& problem, const char* arch) {
    return same_text(spec.arch, arch) && is_of_kind(spec, problem) && spec.cluster_m * spec.cluster_n <= problem.num_sms;
}

// Nobody measured the kernel: what the time follows from are facts that others published.
void write_published_reason(aotgemm_selection& out, const Prediction& prediction, int32_t num_sms) {
    const TileCounts& counts = prediction.counts;
    std::snprintf(out.reason, sizeof out.reason,
                  "predicted from published facts, not measured: %lld tiles on %d of %d SMs, at most %lld a block; %.1f us of "
                  "%s, %.1f us of memory, %.1f us of launch",
                  static_cast<long long>(counts.tiles), counts.working, num_sms, static_cast<long long>(counts.waves),
                  prediction.computing_us, prediction.loads_bound ? "loads from the L2" : "the tensor cores",
                  prediction.reading_us, sm100::kLaunchUs);
}

void write_reason(aotgemm_selection& out, const TimeModel& model, std::size_t index, const TileCounts& counts,
                  int32_t num_sms) {
    const TileRate& rate = model.rate(index);
    const KindRates& kind = model.kind(index);
    const bool is_own = rate.taken_from == nullptr;
    const int written = std::snprintf(
        out.reason, sizeof out.reason,
        "computed: %lld tiles on %d of %d SMs, at most %lld a block, %.1f MB read; measured%s%s: %.3f us a K block, "
        "%.2f a tile, %.2f a launch, %.0f GB/s (%s)",
        static_cast<long long>(counts.tiles), counts.working, num_sms, static_cast<long long>(counts.waves),
        counts.read_bytes * 1e-6, is_own ? "" : " on ", is_own ? "" : rate.taken_from, rate.k_block_us, rate.tile_us,
        rate.launch_us, kind.bytes_per_us * 1e-3, kind.source);
    if (model.rates().is_own || written < 0 || written >= static_cast<int>(sizeof out.reason)) return;
    std::snprintf(out.reason + written, sizeof out.reason - static_cast<std::size_t>(written),
                  "; clock x %.2f, memory x %.2f", 1 / model.rates().cycle_scale, model.rates().bandwidth_scale);
}

aotgemm_selection describe(const TimeModel& model, std::size_t index, int32_t num_sms) {
    const Prediction prediction = model.predict(index);
    aotgemm_selection out{};
    out.kernel = model.kernel(index);
    out.grid = prediction.counts.grid;
    out.tiles = prediction.counts.tiles;
    out.predicted_us = prediction.us;
    if (model.is_measured()) {
        write_reason(out, model, index, prediction.counts, num_sms);
    } else {
        write_published_reason(out, prediction, num_sms);
    }
    return out;
}

}  // namespace

bool is_of_kind(const aotgemm_spec& spec, const aotgemm_problem& problem) {
    return same_text(spec.family, problem.family) && same_text(spec.grouping, problem.grouping) &&
           reads_layout(spec, problem.layout) && same_text(spec.out_dtype, problem.out_dtype);
}

aotgemm_tile_time predict_tile(const aotgemm_spec& tile, const aotgemm_problem& problem, const aotgemm_device& device) {
    if (!has_sm100_model(device)) {
        fail(AOTGEMM_ERROR_DEVICE, "device: is of compute capability ", device.cc_major, ".", device.cc_minor,
             ", allowed is 10.0, for which there are published facts; elsewhere kernels are measured");
    }
    check_tile(tile);
    check_sizes(problem);
    const Extents extents(with_sms(problem, device));
    const TileCounts counts = count_tiles(TileShape(tile, extents), extents);
    const Sm100Time time = predict_sm100(Sm100Tile(tile), counts, extents, device);
    return {.us = time.us,
            .computing_us = time.computing_us,
            .memory_us = time.memory_us,
            .tensor_share = time.tensor_share,
            .tiles = counts.tiles,
            .waves = counts.waves,
            .working = counts.working,
            .loads_bound = time.loads_bound};
}

std::vector<int32_t> serving_kernels(const aotgemm_problem& problem, const aotgemm_device& device) {
    check_sizes(problem);
    const aotgemm_problem full = with_sms(problem, device);
    const char* arch = arch_of(device);
    std::vector<int32_t> kernels;
    for (int32_t kernel = 0; kernel < kSpecCount; ++kernel) {
        if (serves(kSpecs[kernel], full, arch)) kernels.push_back(kernel);
    }
    if (kernels.empty()) {
        fail(AOTGEMM_ERROR_KERNEL_MISSING, "no ", problem.family, " kernel, ", problem.grouping, " ", problem.layout, " with ",
             problem.out_dtype, " output, for compute capability ", device.cc_major, ".",
             device.cc_minor, " is compiled into this library; `aotgemm list` shows what is");
    }
    return kernels;
}

TimeModel time_model(const aotgemm_problem& problem, const aotgemm_device& device) {
    return {with_sms(problem, device), device, serving_kernels(problem, device)};
}

aotgemm_selection describe_kernel(int32_t kernel, const aotgemm_problem& problem, const aotgemm_device& device) {
    const aotgemm_problem full = with_sms(problem, device);
    return describe(TimeModel(full, device, {&kernel, 1}), 0, full.num_sms);
}

std::vector<aotgemm_selection> rank_kernels(const aotgemm_problem& problem, const aotgemm_device& device) {
    const TimeModel model = time_model(problem, device);
    const int32_t num_sms = with_sms(problem, device).num_sms;
    std::vector<aotgemm_selection> choices;
    for (std::size_t index = 0; index < model.size(); ++index) choices.push_back(describe(model, index, num_sms));
    // Ties go to the earlier kernel of the matrix, so that the order of equal predictions is fixed too.
    std::stable_sort(choices.begin(), choices.end(),
                     [](const auto& x, const auto& y) { return x.predicted_us < y.predicted_us; });
    check_tiles(choices.front().tiles);
    return choices;
}

void check_tiles(int64_t tiles) {
    if (tiles > INT32_MAX) fail(AOTGEMM_ERROR_SHAPE, "d: has ", tiles, " tiles, allowed is at most ", INT32_MAX);
}

BestKernel best_kernel(const TimeModel& model) {
    BestKernel best{-1, 0};
    for (std::size_t index = 0; index < model.size(); ++index) {
        const double us = model.predict(index).us;
        if (best.kernel < 0 || us < best.predicted_us) best = {model.kernel(index), us};
    }
    return best;
}

aotgemm_selection select_kernel(const aotgemm_problem& problem, const aotgemm_device& device) {
    return describe_kernel(best_kernel(time_model(problem, device)).kernel, problem, device);
}

}  // namespace aotgemm
