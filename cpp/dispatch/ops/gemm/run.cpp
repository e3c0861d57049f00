// The one path of a GEMM call: checked, held against the plan, then run on the CPU or launched.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <optional>
#include <vector>

#include "dispatch/base/settings.hpp"
#include "dispatch/observe/call_lines.hpp"
#include "dispatch/observe/counters.hpp"
#include "dispatch/observe/ranges.hpp"
#include "dispatch/ops/convert/transpose_sf.hpp"
#include "dispatch/ops/gemm/batch_reduced.hpp"
#include "dispatch/ops/gemm/check.hpp"
#include "dispatch/ops/gemm/device_memory.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/problem.hpp"
#include "dispatch/ops/gemm/rows.hpp"
#include "dispatch/ops/gemm/run.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/stream_workspace.hpp"

namespace aotgemm {
namespace {

void clear_rows(const OperandView& d, const RowRange& rows) {
    auto* data = static_cast<char*>(d.data);
    const auto element = static_cast<std::size_t>(d.bytes());
    for (int64_t row = rows.first; row < rows.first + rows.count; ++row) {
        for (int64_t column = 0; column < d.columns; ++column) {
            std::memset(data + (row * d.row_stride + column * d.column_stride) * d.bytes(), 0, element);
        }
    }
}

// Holds a GEMM on the CPU against the plan, and tells of it.
void announce(const aotgemm_problem& problem) {
    check_plan(problem, nullptr, -1);
    add_one(counters().cpu_gemms);
    if (is_watched()) write_call_line(problem, nullptr, -1);
}

void run_on_cpu(const GemmCall& call, int threads) {
    if (!call.form->is_by_group) announce(problem_of(call));
    const std::vector<GemmPart> parts = read_parts(call);
    if (call.form->is_by_group) {
        for (const GemmPart& part : parts) announce(problem_of(part_of(call, part)));
    }
    if (settings().compile_only) return;
    call.family->run_on_cpu(call, parts, threads);
    for (const RowRange& rows : padding_of(call, parts)) clear_rows(call.d, rows);
}

// MN-major copies of the scales that the TMA cannot read as they are, in the stream's workspace or, where that has no room
// or must not be used, in memory of the caller's allocator. To be kept until the kernel that reads them is enqueued.
class AlignedScales {
   public:
    AlignedScales(GemmCall& call, const CudaDevice& device, const aotgemm_launch& options) {
        if (!call.copies_sfa && !call.copies_sfb) return;
        const int64_t of_a = call.copies_sfa ? mn_major_bytes(call.sfa) : 0;
        const int64_t of_b = call.copies_sfb ? mn_major_bytes(call.sfb) : 0;
        workspace_.emplace(device, options.stream, std::initializer_list<int64_t>{of_a, of_b});
        const int32_t ordinal = call.given->d->device_id;
        if (call.copies_sfa) copy(call.sfa, memory_for(of_a, a_, ordinal, options), device, options.stream);
        if (call.copies_sfb) copy(call.sfb, memory_for(of_b, b_, ordinal, options), device, options.stream);
    }

    bool are_copied() const { return workspace_.has_value(); }

   private:
    void* memory_for(int64_t bytes, DeviceMemory& memory, int32_t ordinal, const aotgemm_launch& options) {
        void* kept = workspace_->take(bytes);
        return kept != nullptr ? kept : memory.allocate(*options.allocator, ordinal, bytes);
    }

    static void copy(OperandView& scales, void* out, const CudaDevice& device, void* stream) {
        scales = launch_mn_major_copy(scales, static_cast<float*>(out), device, stream);
    }

    std::optional<StreamWorkspace> workspace_;
    DeviceMemory a_, b_;
};

// Launches of the same call on either side: other groups, or a copy of scales before.
struct Neighbours {
    bool before = false, after = false, copy = false;
};

void launch_chosen(const GemmCall& call, const aotgemm_problem& problem, const Choice& choice, const CudaDevice& device,
                   void* stream, Neighbours neighbours) {
    launcher_of(*call.family, kSpecs[choice.kernel].arch)({.call = call,
                                                           .problem = problem,
                                                           .choice = choice,
                                                           .device = device,
                                                           .stream = stream,
                                                           .follows_group = neighbours.before,
                                                           .precedes_group = neighbours.after,
                                                           .follows_copy = neighbours.copy});
}

// The kernel of all groups, as SMs go from one to the next: that of one product with the rows of all of them and their
// mean K. With a kernel for each, 8 groups of 7,168 K in all and 2048x768 took 87.5 us, and 69.8 with tiles of 192x96 for
// all (NVIDIA H200, 2026-11-29). Under a plan, which has a kernel for each group, -1: each its own.
int32_t kernel_of_groups(const GemmCall& call, const std::vector<GemmPart>& parts, const CudaDevice& device) {
    if (parts.empty() || plan_in_force.load(std::memory_order_acquire) != nullptr) return -1;
    const int64_t groups = std::ssize(parts);
    const int64_t k = std::accumulate(parts.begin(), parts.end(), int64_t{0},
                                      [](int64_t sum, const GemmPart& part) { return sum + part.k_count; });
    aotgemm_problem all = problem_of(part_of(call, parts.front()));
    all.m = std::min(all.m * groups, kMostExtent);
    all.k = align_up(std::max<int64_t>(ceil_div(k, groups), 1), call.form->ks_multiple);
    return find_choice(all, device, -1).kernel;
}

// A launch for each group. A group's tiles begin where SMs are left over by the group before.
void launch_by_group(GemmCall& call, const CudaDevice& device, const aotgemm_launch& options) {
    const std::vector<GemmPart> parts = read_parts(call);
    const int32_t kernel = options.kernel >= 0 ? options.kernel : kernel_of_groups(call, parts, device);
    for (const GemmPart& part : parts) {  // all of them are held against the plan before the first is launched
        choose_kernel(problem_of(part_of(call, part)), device, kernel);
    }
    const AlignedScales scales(call, device, options);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const GemmCall part = part_of(call, parts[i]);
        const aotgemm_problem problem = problem_of(part);
        const Choice& choice = find_choice(problem, device, kernel);
        // Side by side they would take more SMs than the caller allows.
        const bool may_overlap = problem.num_sms <= 0 || problem.num_sms >= device.description.num_sms;
        launch_chosen(part, problem, choice, device, options.stream,
                      {.before = may_overlap && i > 0,
                       .after = may_overlap && i + 1 < parts.size(),
                       .copy = i == 0 && scales.are_copied()});
    }
}

}  // namespace

void launch_gemm(GemmCall& call, const CudaDevice& device, const aotgemm_launch& options) {
    const aotgemm_problem problem = problem_of(call);
    const Choice& choice = choose_kernel(problem, device, options.kernel);
    const AlignedScales scales(call, device, options);
    launch_chosen(call, problem, choice, device, options.stream, {.copy = scales.are_copied()});
}

void run_gemm(const aotgemm_gemm_call& given, const aotgemm_launch& options) {
    GemmCall call = check_operands(given);
    if (is_empty(call)) return;
    check_layouts(call, options.allocator);
    const Range range([&] { return range_name(problem_of(call)); });
    if (call.is_on_cpu()) return run_on_cpu(call, options.cpu_threads);
    const CudaDevice& device = cuda_device(given.d->device_id);
    const ContextScope scope(device);
    if (call.form->is_by_group) return launch_by_group(call, device, options);
    if (call.form->grouping == Grouping::batch_reduced) return launch_batch_reduced(call, device, options);
    launch_gemm(call, device, options);
}

}  // namespace aotgemm
