// Casts with a scale for each row and gran columns, on the CPU. Device twin: cpp/kernels/common/cast_rows.cuh.
#include <algorithm>
#include <vector>

#include "emulation/core/parallel.hpp"
#include "emulation/core/quantization.hpp"
#include "emulation/core/silu.hpp"
#include "emulation/ops/cast_rows.hpp"

namespace aotgemm::emulation {
namespace {

// The values to cast of one row, columns [first, last), in FP32.
void read_values(const CastRows& cast, std::int64_t row, std::int64_t first, std::int64_t last, float* out) {
    const std::int64_t start = row * cast.x.row_stride;
    const auto* fp32 = static_cast<const float*>(cast.x.data) + start;
    const auto* bf16 = static_cast<const std::uint16_t*>(cast.x.data) + start;
    for (std::int64_t column = first; column < last; ++column) {
        float& value = out[column - first];
        switch (cast.input) {
            case CastInput::fp32: value = fp32[column]; break;
            case CastInput::bf16: value = float_from_bf16(bf16[column]); break;
            case CastInput::silu_mul:
                value = silu_mul(float_from_bf16(bf16[column]), float_from_bf16(bf16[cast.x.cols + column]), cast.limit);
        }
    }
}

void write_scale(const CastRows& cast, std::int64_t row, std::int64_t block, float scale) {
    if (!cast.is_packed) {
        static_cast<float*>(cast.sf)[row * cast.sf_row_stride + block * cast.sf_column_stride] = scale;
        return;
    }
    // The first block of a word also writes the bytes of blocks that are not there; those that are come after it.
    auto& word = static_cast<std::uint32_t*>(cast.sf)[row * cast.sf_row_stride + block / 4 * cast.sf_column_stride];
    const auto shift = static_cast<int>(block % 4 * 8);
    if (shift == 0) word = cast.pad_exponent * 0x01010101u;
    word = (word & ~(0xFFu << shift)) | (std::bit_cast<std::uint32_t>(scale) >> 23 & 0xFF) << shift;
}

void write_codes(const CastRows& cast, const float* values, std::int64_t count, float inverse, std::uint8_t* q) {
    if (cast.code == CastCode::fp8) {
        for (std::int64_t i = 0; i < count; ++i) q[i] = fp8_from_float(values[i] * inverse);
        return;
    }
    for (std::int64_t i = 0; i < count; i += 2) {
        const int low = fp4_from_float(values[i] * inverse), high = fp4_from_float(values[i + 1] * inverse);
        q[i / 2] = static_cast<std::uint8_t>(low | high << 4);
    }
}

void cast_row(const CastRows& cast, std::int64_t row, float* values) {
    const bool is_fp8 = cast.code == CastCode::fp8;
    std::uint8_t* q = cast.q + row * cast.q_row_stride;
    for (std::int64_t first = 0; first < cast.x.cols; first += cast.gran) {
        const std::int64_t count = std::min<std::int64_t>(cast.gran, cast.x.cols - first);
        read_values(cast, row, first, first + count, values);
        std::uint32_t amax = 0;
        for (std::int64_t i = 0; i < count; ++i) amax = std::max(amax, magnitude_bits(values[i]));
        const float scale = block_scale(amax, is_fp8 ? kFp8Max : kFp4Max, cast.use_ue8m0);
        write_codes(cast, values, count, 1.0f / scale, q + (is_fp8 ? first : first / 2));
        write_scale(cast, row, first / cast.gran, scale);
    }
}

struct Values {
    float values[128];
};

}  // namespace

void cast_rows(const CastRows& cast, int threads) {
    const int used = usable_threads(threads, cast.x.rows, cast.x.rows * cast.x.cols);
    for_each_item<Values>(cast.x.rows, used, [&](std::int64_t row, Values& scratch) { cast_row(cast, row, scratch.values); });
}

}  // namespace aotgemm::emulation
