#include "dispatch/ops/gemm/gemm_launch.hpp"

#include <cstring>

#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/launch.hpp"

namespace aotgemm {
namespace {

// evict_first for B takes up to 15% off where D has 12.6 MB or less, and costs up to 6% where it has 25 MB or more (H100 80GB HBM3,
// 2026-11-27: dense fp8_gemm_1d2d, M from 128 to 2,048, seven pairs of N and K). Why is not known.
constexpr int64_t kMostBytesOfDBesideEvictFirst = 13 << 20;

}  // namespace

bool evicts_b_first(const GemmLaunch& gemm) {
    const aotgemm_problem& problem = gemm.problem;
    const aotgemm_spec& spec = kSpecs[gemm.choice.kernel];
    const bool once = gemm.choice.group_m * spec.cluster_m * int64_t{spec.block_m} >= rows_of_a_group(problem);
    const bool was_measured = gemm.call.form->grouping == Grouping::dense && std::strcmp(problem.family, "fp8_gemm_1d2d") == 0;
    return once && !(was_measured && problem.m * problem.n * 2 > kMostBytesOfDBesideEvictFirst);
}

void launch_kernel(const GemmLaunch& gemm, void* parameters, bool programmatic_launch) {
    const aotgemm_spec& spec = kSpecs[gemm.choice.kernel];
    const LaunchShape shape{.grid = static_cast<uint32_t>(gemm.choice.grid),
                            .threads = static_cast<uint32_t>(spec.threads),
                            .cluster = static_cast<uint32_t>(spec.cluster_m * spec.cluster_n),
                            .shared_bytes = static_cast<uint32_t>(spec.shared_bytes),
                            .programmatic_launch = programmatic_launch || gemm.follows_copy};
    launch(gemm.device, gemm.choice.cubin, shape, gemm.stream, parameters);
}

}  // namespace aotgemm
