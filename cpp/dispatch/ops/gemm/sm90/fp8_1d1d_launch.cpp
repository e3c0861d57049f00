#include "dispatch/ops/gemm/sm90/fp8_1d1d_launch.hpp"

#include "dispatch/base/checks.hpp"
#include "dispatch/select/choice.hpp"
#include "dispatch/ops/gemm/sm90/fp8_maps.hpp"
#include "dispatch/ops/gemm/gemm_launch.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/base/settings.hpp"
#include "kernels/sm90/fp8_gemm_1d1d/params.hpp"
#include "kernels/sm90/epilogue/store_boxes.hpp"

namespace aotgemm {
namespace {

int32_t bytes_of(const aotgemm_tensor& d) { return d.dtype == AOTGEMM_FP32 ? 4 : 2; }

// Of C or D, in the boxes of a consumer warpgroup.
const CUtensorMap& sum_map_of(const aotgemm_tensor& t, const aotgemm_spec& spec) {
    const int32_t bytes = bytes_of(t);
    return map_of(t, bytes, sm90::sum_box_columns(bytes, false, spec.block_n), sm90::kWarpgroupBoxRows,
                  bytes == 4 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, CU_TENSOR_MAP_SWIZZLE_128B);
}

sm90::Fp8Gemm1d1dParams make_parameters(const Fp8Gemm1d1dOperands& in, const aotgemm_problem& problem, const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    sm90::Fp8Gemm1d1dParams out{};
    out.d = sum_map_of(in.d, spec);
    out.c = in.c != nullptr ? sum_map_of(*in.c, spec) : out.d;
    const bool loads = in.a.shape[1] > 0;  // with K = 0 nothing is loaded, and any map will do
    out.a = loads ? fp8_map_of(in.a, spec.block_m / spec.cluster_n) : out.d;
    out.b = loads ? fp8_map_of(in.b, spec.block_n / spec.cluster_m) : out.d;
    out.sfa = loads ? scale_map_of(in.sfa, spec.block_m, spec.block_k / 128) : out.d;
    out.sfb = loads ? scale_map_of(in.sfb, spec.block_n, spec.block_k / 128) : out.d;
    out.m = static_cast<int32_t>(problem.m);
    out.n = static_cast<int32_t>(problem.n);
    out.k_blocks = static_cast<int32_t>(ceil_div(in.a.shape[1], 128));
    out.group_m = choice.group_m;
    out.b_evict_first = evicts_b_first(choice, problem) ? 1 : 0;
    out.adds_c = in.c != nullptr ? 1 : 0;
    return out;
}

}  // namespace

aotgemm_problem fp8_1d1d_problem(const Fp8Gemm1d1dOperands& in) {
    const int32_t num_sms = settings().num_sms.load(std::memory_order_relaxed);
    const int64_t k = in.a.shape[1] > 0 ? in.a.shape[1] : 128;  // of a sum over nothing: the epilogue remains
    return {"fp8_gemm_1d1d", "dense", "nt", bytes_of(in.d) == 4 ? "fp32" : "bf16", 1, in.a.shape[0], in.b.shape[0], k, num_sms};
}

void launch_fp8_1d1d(const Fp8Gemm1d1dOperands& operands, const aotgemm_launch& how, GroupNeighbours neighbours) {
    const CudaDevice& device = cuda_device(operands.a.device_id);
    const ContextScope scope(device);
    const aotgemm_problem problem = fp8_1d1d_problem(operands);
    const Choice& choice = choose_kernel(problem, device, how.kernel);
    sm90::Fp8Gemm1d1dParams parameters = make_parameters(operands, problem, choice);
    // Side by side they would take more SMs than the caller allows.
    const bool may_overlap = problem.num_sms <= 0 || problem.num_sms >= device.description.num_sms;
    parameters.follows_group = may_overlap && neighbours.before ? 1 : 0;
    parameters.precedes_group = may_overlap && neighbours.after ? 1 : 0;
    launch_gemm(device, choice, how.stream, &parameters, parameters.follows_group != 0);
}

}  // namespace aotgemm
