#include "dispatch/select/time_model.hpp"

#include <cmath>

#include "dispatch/runtime/inventory.hpp"

// Compiled without contraction of multiplications and additions, and of functions it takes the square root alone, which
// IEEE 754 defines to the bit: every machine predicts the same time and so makes the same choice.
namespace aotgemm {
namespace {

// A card reaches its power limit some hundreds of microseconds into a kernel; from there on the clock is lower.
constexpr double kPowerRampUs = 300;

}  // namespace

TimeModel::TimeModel(const aotgemm_problem& problem, const aotgemm_device& device, std::span<const int32_t> kernels)
    : rates_(find_rates(device)), extents_(problem), device_(device) {
    candidates_.reserve(kernels.size());
    for (const int32_t kernel : kernels) {
        const TileShape shape(kSpecs[kernel], extents_);
        if (!is_measured()) {
            candidates_.push_back({kernel, nullptr, nullptr, shape, Sm100Tile(kSpecs[kernel])});
            continue;
        }
        const TileRate& rate = rates_.measured->tiles[static_cast<std::size_t>(kernel)];
        const KindRates& kind = rates_.measured->kinds[static_cast<std::size_t>(rate.kind)];
        candidates_.push_back({kernel, &rate, &kind, shape, std::nullopt});
    }
}

Prediction TimeModel::predict_published(std::size_t index) const {
    const Candidate& candidate = candidates_[index];
    Prediction out{};
    out.counts = count_tiles(candidate.shape, extents_);
    const Sm100Time time = predict_sm100(*candidate.published, out.counts, extents_, device_);
    out.us = time.us;
    out.computing_us = time.computing_us;
    out.reading_us = time.memory_us;
    out.loads_bound = time.loads_bound;
    return out;
}

Prediction TimeModel::predict(std::size_t index) const {
    if (!is_measured()) return predict_published(index);
    const TileRate& rate = this->rate(index);
    const KindRates& kind = this->kind(index);
    Prediction out{};
    out.counts = count_tiles(candidates_[index].shape, extents_);
    // With idle SMs a block has more of the L2's bandwidth, and its SM more of the power.
    const double idle = 1 - out.counts.working / static_cast<double>(device_.num_sms);
    const double tile_us = out.counts.k_blocks * rate.k_block_us * (1 - kind.idle_gain * idle) + rate.tile_us;
    const double computing = static_cast<double>(out.counts.waves) * tile_us * rates_.cycle_scale;
    out.computing_us = computing * (1 + kind.power_loss * computing / (computing + kPowerRampUs));
    const double bytes_per_us = kind.bytes_per_us * rates_.bandwidth_scale;
    out.reading_us = out.counts.read_bytes / bytes_per_us;
    // Rows past the end of a matrix arrive as zeros, but the TMA asks for them: with tiles of 64 rows, 1 live row took
    // 56 us and 64 took 39 (7168x16384, FP8, NVIDIA H200, 2026-11-28).
    out.outside_us = kind.outside_share * out.counts.outside_bytes / bytes_per_us;
    // The three overlap, but not wholly: near the balance of two, each waits for the other at times.
    out.us = rate.launch_us + std::sqrt(out.computing_us * out.computing_us + out.reading_us * out.reading_us +
                                        out.outside_us * out.outside_us);
    return out;
}

}  // namespace aotgemm
