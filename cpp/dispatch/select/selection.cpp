#include "dispatch/select/selection.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "dispatch/select/cost_model.hpp"
#include "dispatch/runtime/device.hpp"
#include "dispatch/base/checks.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/select/tuned_rows.hpp"

namespace aotgemm {
namespace {

aotgemm_problem with_sms(aotgemm_problem problem, const aotgemm_device& device) {
    const int32_t wanted = problem.num_sms > 0 ? problem.num_sms : device.num_sms;
    problem.num_sms = std::min(wanted, device.num_sms);
    return problem;
}

constexpr int64_t kMostExtent = INT32_MAX - 512;  // coordinates of the TMA are 32-bit
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

bool serves(const aotgemm_spec& spec, const aotgemm_problem& problem, const char* arch) {
    const auto same = [](const char* x, const char* y) { return std::strcmp(x, y) == 0; };
    return same(spec.arch, arch) && same(spec.family, problem.family) && same(spec.grouping, problem.grouping) &&
           same(spec.layout, problem.layout) && same(spec.out_dtype, problem.out_dtype) &&
           spec.cluster_m * spec.cluster_n <= problem.num_sms;
}

// A row was measured with all SMs, and says nothing about a call that may use fewer.
const TunedRow* row_for(const aotgemm_problem& problem, const aotgemm_device& device) {
    return problem.num_sms == device.num_sms ? find_tuned_row(problem, device) : nullptr;
}

aotgemm_selection describe_row(const TunedRow& row, const aotgemm_problem& problem, const aotgemm_device& device) {
    aotgemm_selection out = describe_kernel(row.kernel, problem, device);
    out.measured_us = row.us;
    std::snprintf(out.reason, sizeof out.reason,
                  "tuned row for M %lld to %lld: %.2f us at M = %lld, next %.2f us (%s); %s",
                  static_cast<long long>(row.m_first), static_cast<long long>(row.m_last), row.us,
                  static_cast<long long>(row.m), row.next_us, row.next, row.source);
    return out;
}

}  // namespace

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

aotgemm_selection describe_kernel(int32_t kernel, const aotgemm_problem& problem, const aotgemm_device& device) {
    const aotgemm_problem full = with_sms(problem, device);
    const Prediction prediction = predict(kSpecs[kernel], full, device);
    aotgemm_selection out{};
    out.kernel = kernel;
    out.grid = prediction.grid;
    out.tiles = prediction.tiles;
    out.predicted_us = prediction.us;
    std::snprintf(out.reason, sizeof out.reason,
                  "cost model: %lld tiles on %d of %d SMs, at most %lld a block; bound by %s",
                  static_cast<long long>(prediction.tiles), prediction.grid, full.num_sms,
                  static_cast<long long>(prediction.waves), prediction.bound);
    return out;
}

std::vector<aotgemm_selection> rank_kernels(const aotgemm_problem& problem, const aotgemm_device& device) {
    const aotgemm_problem full = with_sms(problem, device);
    std::vector<aotgemm_selection> choices;
    for (const int32_t kernel : serving_kernels(full, device)) choices.push_back(describe_kernel(kernel, full, device));
    // Ties go to the earlier kernel of the matrix, so that the order of equal predictions is fixed too.
    std::stable_sort(choices.begin(), choices.end(),
                     [](const auto& x, const auto& y) { return x.predicted_us < y.predicted_us; });
    if (const TunedRow* row = row_for(full, device)) {
        const auto measured = std::find_if(choices.begin(), choices.end(),
                                           [&](const auto& choice) { return choice.kernel == row->kernel; });
        std::rotate(choices.begin(), measured, measured + 1);
        choices.front() = describe_row(*row, full, device);
    }
    check_tiles(choices.front().tiles);
    return choices;
}

void check_tiles(int64_t tiles) {
    if (tiles > INT32_MAX) fail(AOTGEMM_ERROR_SHAPE, "d: has ", tiles, " tiles, allowed is at most ", INT32_MAX);
}

BestKernel best_kernel(const aotgemm_problem& problem, const aotgemm_device& device,
                       const std::vector<int32_t>& kernels) {
    const aotgemm_problem full = with_sms(problem, device);
    if (const TunedRow* row = row_for(full, device)) {
        return {row->kernel, predict(kSpecs[row->kernel], full, device).us, row};
    }
    BestKernel best{-1, 0, nullptr};
    for (const int32_t kernel : kernels) {
        const double us = predict(kSpecs[kernel], full, device).us;
        if (best.kernel < 0 || us < best.predicted_us) best = {kernel, us, nullptr};
    }
    return best;
}

aotgemm_selection select_kernel(const aotgemm_problem& problem, const aotgemm_device& device) {
    const aotgemm_problem full = with_sms(problem, device);
    const BestKernel best = best_kernel(full, device, serving_kernels(full, device));
    return best.row != nullptr ? describe_row(*best.row, full, device) : describe_kernel(best.kernel, full, device);
}

}  // namespace aotgemm
