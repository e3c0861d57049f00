#include "dispatch/ops/mqa_logits/schedule.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/mqa_logits/check.hpp"
#include "dispatch/runtime/launch.hpp"
#include "emulation/ops/paged_mqa_logits.hpp"
#include "kernels/common/paged_schedule.hpp"

namespace aotgemm {
namespace {

void check(const Operand& lengths, int32_t block_kv, const Operand& schedule) {
    check_context_lens(lengths);
    check_schedule(schedule);
    check_same_device({lengths, schedule});
    check_block_kv(block_kv);
    if (schedule.tensor.shape[0] < 2) {
        fail(AOTGEMM_ERROR_SHAPE, "num_sms: is ", schedule.tensor.shape[0] - 1, ", allowed is a positive number");
    }
    for (const Operand& operand : {lengths, schedule}) check_extents(operand);
    check_call_memory({schedule}, {lengths});
}

}  // namespace

void paged_mqa_schedule(const aotgemm_tensor& context_lens, int32_t block_kv, const aotgemm_tensor& schedule,
                        const aotgemm_launch& options) {
    check({"context_lens", context_lens}, block_kv, {"schedule_meta", schedule});
    const int64_t rows_of_sequence = context_lens.shape[1];
    const auto* lengths = static_cast<const int32_t*>(context_lens.data);
    PagedScheduleParams parameters{.lengths = is_empty(context_lens) ? lengths : lengths + rows_of_sequence - 1,
                                   .lengths_stride = rows_of_sequence,
                                   .schedule = static_cast<int32_t*>(schedule.data),
                                   .sequences = static_cast<int32_t>(context_lens.shape[0]),
                                   .slots = static_cast<int32_t>(schedule.shape[0] - 1)};
    if (schedule.device_type == AOTGEMM_CPU) {
        if (settings().compile_only) return;
        return emulation::paged_mqa_schedule(parameters.lengths, parameters.lengths_stride, parameters.sequences,
                                             parameters.slots, parameters.schedule);
    }
    static Conversion kernel{"paged_mqa_schedule"};
    const CudaDevice& device = cuda_device(schedule.device_id);
    const ContextScope scope(device);
    launch(device, kernel.cubin_for(device), {1, kPagedScheduleThreads}, options.stream, &parameters);
}

}  // namespace aotgemm
