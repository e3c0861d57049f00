// Launcher of the paged_mqa_logits kernels. Device side: cpp/kernels/sm90/paged_mqa_logits/kernel.cuh.
#include "dispatch/ops/mqa_logits/launch_paged.hpp"
#include "dispatch/ops/mqa_logits/sm90/kernels.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kFewColumns = 64, kManyColumns = 128;  // rows of q and their heads that a kernel multiplies at a time

}  // namespace

void launch_paged_mqa_logits_sm90(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static IndexerKernels kernels{"paged_mqa_logits"};
    const int32_t columns = call.rows_of_sequence() * call.heads() > kFewColumns ? kManyColumns : kFewColumns;
    const IndexerKernel kernel{call.heads(), call.row_bytes(), columns == kManyColumns, call.logits.dtype};
    const int cubin = kernels.cubin_for(device, kernel);
    sm90::PagedMqaLogitsParams parameters = paged_mqa_parameters(call, columns);
    launch_paged_mqa(call, device, stream, cubin, &parameters);
}

}  // namespace aotgemm
