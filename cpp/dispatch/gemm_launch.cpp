#include "dispatch/gemm_launch.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/inventory.hpp"
#include "dispatch/launch.hpp"

namespace aotgemm {

int64_t expected_rows(const char* grouping, int64_t m, int64_t groups, int64_t expected_m) {
    if (expected_m <= 0) return m;
    if (std::strcmp(grouping, "masked") == 0) return std::min(m, expected_m);
    if (std::strcmp(grouping, "psum") == 0) return std::min(m, expected_m * groups);
    return m;
}

bool reads_b_once(const Choice& choice, const aotgemm_problem& problem) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    return choice.band_m * spec.cluster_m * int64_t{spec.block_m} >= rows_of_a_group(problem);
}

void launch_gemm(const CudaDevice& device, const Choice& choice, void* stream, void* parameters, bool begins_early) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const LaunchShape shape{.grid = static_cast<uint32_t>(choice.grid),
                            .threads = static_cast<uint32_t>(spec.threads),
                            .cluster = static_cast<uint32_t>(spec.cluster_m * spec.cluster_n),
                            .shared_bytes = static_cast<uint32_t>(spec.shared_bytes),
                            .begins_early = begins_early};
    launch(device, choice.cubin, shape, stream, parameters);
}

}  // namespace aotgemm
