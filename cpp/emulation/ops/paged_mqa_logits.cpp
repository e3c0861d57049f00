// Family paged_mqa_logits on the CPU. Device twins: cpp/kernels/sm90/paged_mqa_logits/kernel.cuh,
// cpp/kernels/sm100/paged_mqa_logits/kernel.cuh.
#include "emulation/ops/paged_mqa_logits.hpp"

#include <algorithm>
#include <vector>

#include "emulation/core/parallel.hpp"
#include "emulation/ops/mqa_panel.hpp"
#include "kernels/common/paged_schedule.hpp"

namespace aotgemm::emulation {
namespace {

// A block's keys [first, end) of a sequence, for some rows of its queries.
struct Item {
    std::int64_t sequence, first, end;
    std::int64_t row;  // of the heads of all queries
    int rows;
};

// Keys that have a column and an entry in the table.
std::int64_t length_of(const PagedMqaLogits& call, std::int64_t sequence) {
    const std::int64_t length = call.keys.lengths[sequence * call.keys.lengths_stride];
    return std::clamp<std::int64_t>(length, 0, std::min(call.logits.cols, call.keys.table.cols * call.keys.block_keys));
}

void add_part(const PagedMqaLogits& call, std::int64_t sequence, std::int64_t first, std::int64_t end,
              std::vector<Item>& items) {
    const std::int64_t heads = call.rows_of_sequence * call.heads;
    for (std::int64_t key = first; key < end; key += call.keys.block_keys)
        for (std::int64_t row = 0; row < heads; row += kFp8TileRows)
            items.push_back({sequence, key, std::min<std::int64_t>(end, key + call.keys.block_keys),
                             sequence * heads + row,
                             static_cast<int>(std::min<std::int64_t>(kFp8TileRows, heads - row))});
}

// What lies outside the sequences and their keys is left out.
void add_slot(const PagedMqaLogits& call, std::int64_t slot, std::vector<Item>& items) {
    const auto at = [&](std::int64_t row, int column) { return call.schedule.data[row * call.schedule.row_stride + column]; };
    std::int64_t split = at(slot, 1);
    const std::int64_t sequences = call.keys.table.rows, last = at(slot + 1, 0);
    if (at(slot, 0) < 0 || split < 0) return;
    for (std::int64_t sequence = at(slot, 0); sequence < sequences && sequence <= last; ++sequence, split = 0) {
        const std::int64_t keys = length_of(call, sequence);
        const std::int64_t end = sequence == last ? std::int64_t{std::max(at(slot + 1, 1), 0)} * kPagedSplitKeys : keys;
        add_part(call, sequence, split * kPagedSplitKeys, std::min(end, keys), items);
    }
}

struct Scratch {
    MqaScratch panel;
    std::vector<std::uint8_t> zeros;  // in the place of a block that there is not
};

void compute(const PagedMqaLogits& call, const Item& item, OutType type, Scratch& scratch) {
    const PagedKeys& keys = call.keys;
    const std::int64_t bytes = std::int64_t{keys.block_keys} * (keys.row_bytes + 4);
    const std::int64_t block = keys.table.data[item.sequence * keys.table.row_stride + item.first / keys.block_keys];
    scratch.zeros.resize(static_cast<std::size_t>(bytes));
    const bool is_there = block >= 0 && block < keys.blocks;
    const std::uint8_t* data = is_there ? keys.data + block * keys.block_stride : scratch.zeros.data();
    const Matrix<const std::uint8_t> k{data, keys.block_keys, keys.row_bytes, keys.row_bytes, 1};
    const void* scales = data + std::int64_t{keys.block_keys} * keys.row_bytes;
    const int count = static_cast<int>(item.end - item.first);
    compute_mqa_panel({call.arithmetic, call.q, call.q_scales, call.heads, k, scales, call.weights},
                      {item.row, 0, item.rows, count}, scratch.panel);
    const std::int64_t size = type == OutType::fp32 ? 4 : 2;
    for (int i = 0; i < item.rows / call.heads; ++i) {
        const std::int64_t row = item.row / call.heads + i;
        char* out = static_cast<char*>(call.logits.data) + (row * call.logits.row_stride + item.first) * size;
        store_mqa_row(scratch.panel.logits[i], 0, count, out, type);
    }
}

}  // namespace

void paged_mqa_logits(const PagedMqaLogits& call, OutType type, int threads) {
    std::vector<Item> items;
    for (std::int64_t slot = 0; slot + 1 < call.schedule.rows; ++slot) add_slot(call, slot, items);
    const auto count = static_cast<std::int64_t>(items.size());
    const int used = usable_threads(threads, count, count * kFp8TileRows * call.keys.block_keys * call.q.cols);
    for_each_item<Scratch>(count, used, [&](std::int64_t item, Scratch& scratch) {
        compute(call, items[static_cast<std::size_t>(item)], type, scratch);
    });
}

void paged_mqa_schedule(const std::int32_t* lengths, std::int64_t lengths_stride, std::int64_t sequences,
                        std::int64_t slots, std::int32_t* schedule) {
    const auto splits_of = [&](std::int64_t sequence) {
        const std::int64_t length = std::max(lengths[sequence * lengths_stride], 0);
        return (length + kPagedSplitKeys - 1) / kPagedSplitKeys;
    };
    std::int64_t total = 0;
    for (std::int64_t i = 0; i < sequences; ++i) total += splits_of(i);
    std::int64_t sequence = 0, before = 0;  // splits of the sequences before this one
    for (std::int64_t slot = 0; slot <= slots; ++slot) {
        const std::int64_t start = slot * (total / slots) + std::max<std::int64_t>(0, slot - (slots - total % slots));
        while (sequence < sequences && start >= before + splits_of(sequence)) before += splits_of(sequence++);
        schedule[2 * slot] = static_cast<std::int32_t>(sequence);
        schedule[2 * slot + 1] = static_cast<std::int32_t>(start - before);
    }
}

}  // namespace aotgemm::emulation
