// How long a kernel takes: arithmetic for the problem at hand over rates that were measured or, for an architecture
// without any, over published facts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "aotgemm/aotgemm.h"
#include "dispatch/select/sm100_model.hpp"
#include "dispatch/select/tile_counts.hpp"
#include "dispatch/select/tile_rates.hpp"

namespace aotgemm {

struct Prediction {
    double us;
    double computing_us;  // of the busiest block
    double reading_us;    // A and B from device memory; without measured rates, D is written as well
    double outside_us;    // asking for rows past their ends
    bool loads_bound;     // without measured rates: the L2 is what bounds computing_us
    TileCounts counts;
};

// The model of some kernels on one problem and device; problem.num_sms must be set.
class TimeModel {
public:
    TimeModel(const aotgemm_problem& problem, const aotgemm_device& device, std::span<const int32_t> kernels);

    // The same problem with another M.
    void set_m(int64_t m) { extents_.set_m(m); }

    std::size_t size() const { return candidates_.size(); }
    int32_t kernel(std::size_t index) const { return candidates_[index].kernel; }
    // Only where there are measured rates.
    bool is_measured() const { return rates_.measured != nullptr; }
    const TileRate& rate(std::size_t index) const { return *candidates_[index].rate; }
    const KindRates& kind(std::size_t index) const { return *candidates_[index].kind; }
    const DeviceRates& rates() const { return rates_; }

    Prediction predict(std::size_t index) const;

private:
    Prediction predict_published(std::size_t index) const;

    struct Candidate {
        int32_t kernel;
        const TileRate* rate;
        const KindRates* kind;
        TileShape shape;
        std::optional<Sm100Tile> published;
    };

    DeviceRates rates_;
    Extents extents_;
    aotgemm_device device_;
    std::vector<Candidate> candidates_;
};

}  // namespace aotgemm
