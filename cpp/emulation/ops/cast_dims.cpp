// Casts to FP8 E4M3 with a scale for each index of some dimensions, on the CPU. Device twin:
// cpp/kernels/common/cast_dims.cuh.
#include "emulation/ops/cast_dims.hpp"

#include <algorithm>

#include "emulation/core/parallel.hpp"
#include "emulation/core/quantization.hpp"

namespace aotgemm::emulation {
namespace {

struct NoScratch {};

float value_of(float value) { return value; }
float value_of(Bf16 value) { return float_from_bf16(value.bits); }

template <class Input>
void cast(const CastDimsParams& params, std::int64_t index) {
    const PlaceOfCast first = place_in(params.kept, index);
    const Input* x = static_cast<const Input*>(params.x) + first.x;
    std::uint32_t amax = 0;
    for (std::int64_t i = 0; i < params.elements; ++i) {
        amax = std::max(amax, magnitude_bits(value_of(x[place_in(params.others, i).x])));
    }
    const float scale = block_scale(amax, kFp8Max, params.use_ue8m0 != 0), inverse = 1.0f / scale;
    params.sf[first.sf] = scale;
    for (std::int64_t i = 0; i < params.elements; ++i) {
        const PlaceOfCast place = place_in(params.others, i);
        params.q[first.q + place.q] = fp8_from_float(value_of(x[place.x]) * inverse);
    }
}

}  // namespace

void cast_dims(const CastDimsParams& params, bool is_bf16, int threads) {
    const int used = usable_threads(threads, params.scales, params.scales * params.elements);
    for_each_item<NoScratch>(params.scales, used, [&](std::int64_t index, NoScratch&) {
        is_bf16 ? cast<Bf16>(params, index) : cast<float>(params, index);
    });
}

}  // namespace aotgemm::emulation
