#include "ptx_machine/machine/draw.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::string two_digits(int number) {
    std::string digits = std::to_string(number);
    if (digits.size() < 2) digits.insert(digits.begin(), '0');
    return digits;
}
std::string row_of(const Warp& warp) {
    return "block " + std::to_string(warp.block->rank) + ", warp " + two_digits(warp.index);
}

}  // namespace

void draw_wait(Warp& warp, std::uint64_t until, const std::string& label) {
    Timeline* timeline = machine_of(warp).timeline;
    if (timeline == nullptr || until <= warp.step) return;
    timeline->add(
        {row_of(warp), SpanKind::runs, warp.drawn_until, warp.step, "runs", warp.program->line_of(warp.current())});
    timeline->add({row_of(warp), SpanKind::waits, warp.step, until, label, warp.program->line_of(warp.current())});
    warp.step = warp.drawn_until = until;
}

void draw_run(Warp& warp) {
    Timeline* timeline = machine_of(warp).timeline;
    if (timeline == nullptr) return;
    timeline->add(
        {row_of(warp), SpanKind::runs, warp.drawn_until, warp.step, "runs", warp.program->line_of(warp.current())});
}

void draw_copy(const BulkCopy& copy) {
    Timeline* timeline = machine_of(*copy.issuer).timeline;
    if (timeline == nullptr) return;
    const std::string row =
        "block " + std::to_string(copy.issuer->block->rank) + (copy.is_load() ? ", bulk loads" : ", bulk stores");
    const std::string label = std::to_string(copy.map->box_bytes()) + " bytes at " + std::to_string(copy.shared);
    timeline->add({row, copy.is_load() ? SpanKind::load : SpanKind::store, copy.done_at - kCopySteps, copy.done_at,
                   label, copy.issuer->program->line_of(*copy.instruction)});
}

void draw_wgmma(Block& block, int warpgroup, const Instruction& instruction, std::uint64_t issued) {
    Timeline* timeline = block.cluster->machine->timeline;
    if (timeline == nullptr) return;
    std::vector<std::uint64_t>& done_at = block.warpgroups[static_cast<std::size_t>(warpgroup)].done_at;
    const std::uint64_t start = done_at.empty() ? issued : std::max(issued, done_at.back());
    done_at.push_back(start + static_cast<std::uint64_t>(instruction.details->n / kColumnsOfStep));
    const std::string row = "block " + std::to_string(block.rank) + ", wgmma of group " + std::to_string(warpgroup);
    timeline->add({row, SpanKind::wgmma, start, done_at.back(), "64 x " + std::to_string(instruction.details->n),
                   block.warps[0].program->line_of(instruction)});
}

std::uint64_t draw_mma(Block& owner, const TensorOp& op, int columns) {
    const std::uint64_t start = std::max(op.issuer->step, owner.tensor_done_at);
    owner.tensor_done_at = start + static_cast<std::uint64_t>(columns / kColumnsOfStep);
    Timeline* timeline = owner.cluster->machine->timeline;
    if (timeline != nullptr)
        timeline->add({"block " + std::to_string(owner.rank) + ", tensor core", SpanKind::wgmma, start,
                       owner.tensor_done_at, std::to_string(columns) + " columns",
                       op.issuer->program->line_of(*op.instruction)});
    return owner.tensor_done_at;
}

void draw_wgmma_wait(Warp& warp, std::uint32_t end) {
    const std::vector<std::uint64_t>& done_at =
        warp.block->warpgroups[static_cast<std::size_t>(warp.index / kWarpsOfWarpgroup)].done_at;
    if (machine_of(warp).timeline != nullptr) draw_wait(warp, done_at[end - 1], "for wgmma");
}

}  // namespace aotgemm::ptx_machine
