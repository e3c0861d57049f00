// Family mqa_logits on the CPU. Device twins: cpp/kernels/sm90/mqa_logits/kernel.cuh, cpp/kernels/sm100/mqa_logits/kernel.cuh.
#include <algorithm>
#include <limits>

#include "emulation/core/output.hpp"
#include "emulation/core/parallel.hpp"
#include "emulation/ops/mqa_logits.hpp"
#include "emulation/ops/mqa_panel.hpp"
#include "emulation/sm90/fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

// Keys [first, last) of a row; none if last <= first.
struct KeyRange {
    std::int64_t first, last;
    std::int64_t column;  // of the first one
};

// The row's own keys, cut to those there are and to the columns there are.
KeyRange range_of(const MqaLogits& call, std::int64_t row) {
    const std::int64_t start = call.starts[row], first = std::max<std::int64_t>(start, 0);
    const std::int64_t left_out = call.compressed ? start : 0;
    return {first, std::min<std::int64_t>({call.ends[row], call.k.rows, call.logits.cols + left_out}), first - left_out};
}

char* row_of(const MqaLogits& call, std::int64_t row, OutType type) {
    return static_cast<char*>(call.logits.data) + row * call.logits.row_stride * (type == OutType::fp32 ? 4 : 2);
}

void store_panel(const MqaLogits& call, const TileOrigin& tile, OutType type, const MqaScratch& scratch) {
    for (int i = 0; i < tile.rows / call.heads; ++i) {
        const std::int64_t row = tile.row / call.heads + i;
        const KeyRange keys = range_of(call, row);
        const auto in_panel = [&](std::int64_t key) {
            return static_cast<int>(std::clamp<std::int64_t>(key - tile.column, 0, tile.columns));
        };
        const std::int64_t column = keys.column - keys.first + tile.column;
        char* out = row_of(call, row, type) + column * (type == OutType::fp32 ? 4 : 2);
        store_mqa_row(scratch.logits[i], in_panel(keys.first), in_panel(keys.last), out, type);
    }
}

bool is_wanted(const MqaLogits& call, const TileOrigin& tile) {
    for (std::int64_t row = tile.row / call.heads; row < (tile.row + tile.rows) / call.heads; ++row) {
        const KeyRange keys = range_of(call, row);
        if (std::max(keys.first, tile.column) < std::min(keys.last, tile.column + tile.columns)) return true;
    }
    return false;
}

template <class Out>
void clean_row(const MqaLogits& call, std::int64_t row) {
    const KeyRange keys = range_of(call, row);
    Out* out = static_cast<Out*>(call.logits.data) + row * call.logits.row_stride;
    for (std::int64_t column = 0; column < call.logits.cols; ++column) {
        if (column >= keys.first && column < keys.last) continue;
        round_to(-std::numeric_limits<float>::infinity(), out[column]);
    }
}

struct NoScratch {};

void clean(const MqaLogits& call, OutType type, int threads) {
    const std::int64_t rows = call.logits.rows;
    for_each_item<NoScratch>(rows, usable_threads(threads, rows, rows * call.logits.cols), [&](std::int64_t row, NoScratch&) {
        type == OutType::fp32 ? clean_row<float>(call, row) : clean_row<std::uint16_t>(call, row);
    });
}

}  // namespace

void mqa_logits(const MqaLogits& call, OutType type, int threads) {
    const std::int64_t panels = (call.k.rows + kFp8PanelColumns - 1) / kFp8PanelColumns;
    const std::int64_t items = row_tiles_of(call.q.rows) * panels;
    const MqaOperands operands{call.arithmetic, call.q, call.q_scales, call.heads, call.k, call.k_scales, call.weights};
    const int used = usable_threads(threads, items, call.q.rows * call.k.rows * call.q.cols);
    for_each_item<MqaScratch>(items, used, [&](std::int64_t item, MqaScratch& scratch) {
        const TileOrigin tile = fp8_tile_at(item, call.q.rows, call.k.rows);
        if (!is_wanted(call, tile)) return;
        compute_mqa_panel(operands, tile, scratch);
        store_panel(call, tile, type, scratch);
    });
    if (call.clean) clean(call, type, threads);
}

}  // namespace aotgemm::emulation
