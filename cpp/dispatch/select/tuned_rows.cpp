#include "dispatch/select/tuned_rows.hpp"

#include <algorithm>

namespace aotgemm {
namespace {

int32_t find_device(const aotgemm_device& device) {
    const std::span<const TunedDevice> devices = tuned_devices();
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const TunedDevice& known) {
        return known.cc_major == device.cc_major && known.cc_minor == device.cc_minor &&
               known.num_sms == device.num_sms && known.memory_gbps_first <= device.memory_gbps &&
               device.memory_gbps <= known.memory_gbps_last;
    });
    return found == devices.end() ? -1 : static_cast<int32_t>(found - devices.begin());
}

}  // namespace

const TunedRow* find_tuned_row(const aotgemm_problem& problem, const aotgemm_device& device) {
    TunedRow wanted{};
    wanted.device = find_device(device);
    if (wanted.device < 0) return nullptr;
    wanted.family = problem.family;
    wanted.grouping = problem.grouping;
    wanted.layout = problem.layout;
    wanted.out_dtype = problem.out_dtype;
    wanted.groups = problem.groups;
    wanted.n = problem.n;
    wanted.k = problem.k;
    wanted.m_first = problem.m;
    const std::span<const TunedRow> rows = tuned_rows();
    const auto behind = std::upper_bound(rows.begin(), rows.end(), wanted,
                                         [](const TunedRow& x, const TunedRow& y) { return x.key() < y.key(); });
    if (behind == rows.begin()) return nullptr;
    const TunedRow& row = *(behind - 1);
    return row.problem() == wanted.problem() && problem.m <= row.m_last ? &row : nullptr;
}

}  // namespace aotgemm
