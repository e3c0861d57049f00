#include "dispatch/ops/gemm/batch_reduced.hpp"

#include "dispatch/ops/convert/ordered_sum.hpp"
#include "dispatch/ops/gemm/device_memory.hpp"
#include "dispatch/ops/gemm/run.hpp"
#include "dispatch/select/batch_ranges.hpp"

namespace aotgemm {
namespace {

// Of `ranges` partial sums. Fails if there cannot be so much memory.
int64_t workspace_bytes(const GemmCall& call, int64_t ranges) {
    const std::optional<int64_t> bytes = checked_product({ranges, call.sizes.m, call.sizes.n, int64_t{sizeof(float)}});
    if (bytes) return *bytes;
    fail(AOTGEMM_ERROR_SHAPE, "d: its ", ranges, " partial sums of ", call.sizes.m, " rows of ", call.sizes.n,
         " need more than 2^63 bytes");
}

void check_given_workspace(const GemmCall& call, int64_t ranges) {
    const int64_t sizes[] = {ranges, call.sizes.m, call.sizes.n};
    const std::string wanted = text("float32 [", sizes[0], ", ", sizes[1], ", ", sizes[2], "], contiguous");
    if (call.given->workspace == nullptr) fail(AOTGEMM_ERROR_SHAPE, "workspace: is none, must be ", wanted);
    const Operand workspace{"workspace", *call.given->workspace};
    check_dtype(workspace, {AOTGEMM_FP32});
    check_rank(workspace, 3, 3);
    check_same_device({{"d", *call.given->d}, workspace});
    check_size(workspace, 0, sizes[0], "ranges of batches");
    check_size(workspace, 1, sizes[1], "M of a");
    check_size(workspace, 2, sizes[2], "N of b");
    int64_t stride = 1;
    for (int i = 2; i >= 0; stride *= sizes[i--]) {
        if (sizes[i] == 1 || workspace.tensor.stride[i] == stride) continue;
        fail(AOTGEMM_ERROR_LAYOUT, "workspace: stride of dimension ", i, " is ", workspace.tensor.stride[i], ", must be ",
             stride, " (", wanted, ")");
    }
    check_alignment(workspace, kTmaAlignment);
}

int64_t ranges_of(const GemmCall& call) { return batch_ranges(call.sizes.groups, call.sizes.m, call.sizes.n); }

// D is the only partial sum, and the GEMM itself adds C.
bool sums_into_d(const GemmCall& call) { return ranges_of(call) == 1 && call.d.dtype == AOTGEMM_FP32; }

OperandView partial_sums(const GemmCall& call, void* memory, int64_t ranges) {
    const int64_t m = call.sizes.m, n = call.sizes.n;
    return {.data = memory, .dtype = AOTGEMM_FP32, .rows = m, .columns = n, .row_stride = n, .column_stride = 1,
            .groups = ranges, .group_stride = m * n};
}

}  // namespace

void check_workspace(const GemmCall& call, const aotgemm_allocator* allocator) {
    if (sums_into_d(call)) return;
    workspace_bytes(call, ranges_of(call));
    check_ordered_sum(call.d);
    const bool is_allocated = call.given->workspace == nullptr && (allocator != nullptr || call.is_on_cpu());
    if (!is_allocated) check_given_workspace(call, ranges_of(call));
}

void launch_batch_reduced(const GemmCall& call, const CudaDevice& device, const aotgemm_launch& options) {
    GemmCall parts = call;
    if (sums_into_d(call)) {
        parts.d.groups = 1;
        return launch_gemm(parts, device, options);
    }
    DeviceMemory memory;
    const int64_t ranges = ranges_of(call), bytes = workspace_bytes(call, ranges);
    void* workspace = call.given->workspace != nullptr
                          ? call.given->workspace->data
                          : memory.allocate(*options.allocator, call.given->d->device_id, bytes);
    parts.d = partial_sums(call, workspace, ranges);
    parts.c = {};
    launch_gemm(parts, device, options);
    ordered_sum(parts.d, call.c, call.d, device, options.stream);
}

}  // namespace aotgemm
