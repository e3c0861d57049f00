#include "ptx_machine/check/tensor_checker.hpp"

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

TensorChecker::TensorChecker(Cluster& cluster, const ClockLayout& layout, std::vector<Clock>& clocks)
    : cluster_(cluster), layout_(layout), clocks_(clocks), strict_(cluster.machine->options.strict) {
    shadows_.resize(cluster.blocks.size());
    views_.assign(cluster.warps, std::vector<std::uint32_t>(static_cast<std::size_t>(layout.size())));
    last_.assign(cluster.blocks.size(), std::vector<std::uint32_t>(cluster.warps));
}

TensorAccess TensorChecker::access(const Warp& warp, const Instruction& i, std::uint32_t tick) const {
    return {i.details->tcgen05.action, static_cast<std::uint16_t>(warp.agent), tick, 0, i.statement};
}

TensorChecker::Order TensorChecker::order_by(const Warp& warp, int component, std::uint32_t tick) const {
    const auto agent = static_cast<std::size_t>(warp.agent), place = static_cast<std::size_t>(component);
    if (clocks_[agent].known[place] < tick) return Order::unordered;
    return strict_ && views_[agent][place] < tick ? Order::unfenced : Order::ordered;
}

TensorChecker::Order TensorChecker::completion(const Warp& warp, const TensorAccess& earlier) const {
    const bool is_own = earlier.agent == warp.agent;
    const auto own = [](std::uint32_t done, std::uint32_t tick) {
        return done >= tick ? Order::ordered : Order::unordered;
    };
    switch (earlier.action) {
        case TensorAction::load:
            return is_own ? own(warp.loads_done, earlier.tick)
                          : order_by(warp, layout_.loads(earlier.agent), earlier.tick);
        case TensorAction::store:
            return is_own ? own(warp.stores_done, earlier.tick)
                          : order_by(warp, layout_.stores(earlier.agent), earlier.tick);
        case TensorAction::multiply:
        case TensorAction::copy: return order_by(warp, layout_.tensor(earlier.agent), earlier.tick);
        default: return Order::ordered;
    }
}

namespace {

bool is_queued(TensorAction action) { return action == TensorAction::multiply || action == TensorAction::copy; }

// Whether the tensor core keeps two conflicting operations in the order of their issue.
bool is_pipelined(const TensorAccess& earlier, bool earlier_writes, const TensorAccess& later, bool later_writes) {
    if (!is_queued(earlier.action) || !is_queued(later.action)) return false;
    if (earlier.action == TensorAction::copy) return true;
    if (later.action == TensorAction::copy) return !earlier_writes;
    return earlier_writes && later_writes && earlier.sums == later.sums;
}

}  // namespace

TensorChecker::Order TensorChecker::order(const Warp& warp, const TensorAccess& earlier, bool earlier_writes,
                                          const TensorAccess& later, bool later_writes) const {
    if (!is_pipelined(earlier, earlier_writes, later, later_writes)) return completion(warp, earlier);
    if (earlier.agent == warp.agent) return Order::ordered;
    return order_by(warp, layout_.issued(earlier.agent), earlier.tick);
}

void TensorChecker::read(const Warp& warp, const Block& block, const TensorRegion& region, const TensorAccess& by) {
    shadow(block).for_each(region, [&](TensorShadow::Cell& cell) {
        const Order found = order(warp, cell.writer, true, by, false);
        if (found != Order::ordered) report(warp, region, cell.writer, found, false);
        for (TensorAccess& reader : cell.readers) {
            if (reader.agent != by.agent || reader.action != by.action) continue;
            reader = by;
            return;
        }
        cell.readers.push_back(by);
    });
}

void TensorChecker::write(const Warp& warp, const Block& block, const TensorRegion& region, const TensorAccess& by) {
    shadow(block).for_each(region, [&](TensorShadow::Cell& cell) {
        const Order found = order(warp, cell.writer, true, by, true);
        if (found != Order::ordered) report(warp, region, cell.writer, found, true);
        for (const TensorAccess& reader : cell.readers) {
            const Order read = order(warp, reader, false, by, true);
            if (read != Order::ordered) report(warp, region, reader, read, true);
        }
        cell.writer = by;
        cell.readers.clear();
    });
}

void TensorChecker::want_written(const Warp& warp, const Block& block, const TensorRegion& region) {
    bool all = true;
    shadow(block).for_each(region,
                           [&](TensorShadow::Cell& cell) { all = all && cell.writer.action != TensorAction::none; });
    if (!all)
        ptx_machine::report(warp, "uninitialised",
                            "an mma adds to columns from " + std::to_string(region.first) +
                                " on of tensor memory, which nothing has written",
                            "Let the first mma of a tile overwrite: its predicate must be false.");
}

void TensorChecker::want_no_sums(const Warp& warp, const Block& block, const TensorRegion& region) {
    bool any = false;
    shadow(block).for_each(
        region, [&](TensorShadow::Cell& cell) { any = any || cell.writer.action == TensorAction::multiply; });
    if (any)
        ptx_machine::report(warp, "tcgen05",
                            "an mma takes scales from columns from " + std::to_string(region.first) +
                                " on of tensor memory, where an mma has written sums",
                            "Give sums and scales columns of their own.");
}

void TensorChecker::release(const Warp& warp, const Block& block, std::uint32_t first, std::uint32_t columns) {
    const TensorRegion region{first, columns, kAllHalves};
    const auto want_over = [&](const TensorAccess& access) {
        if (completion(warp, access) == Order::unordered) report(warp, region, access, Order::unordered, true);
    };
    shadow(block).for_each(region, [&](TensorShadow::Cell& cell) {
        want_over(cell.writer);
        for (const TensorAccess& reader : cell.readers) want_over(reader);
    });
    shadow(block).forget(first, columns);
}

void TensorChecker::issued(const Warp& warp, const Block& block) {
    last_[block.rank][static_cast<std::size_t>(warp.agent)] = warp.tensor_ticks;
    if (!strict_) learn(warp, layout_.issued(warp.agent), warp.tensor_ticks);
}

void TensorChecker::loads_are_over(const Warp& warp) {
    if (!strict_) learn(warp, layout_.loads(warp.agent), warp.loads_done);
}

void TensorChecker::stores_are_over(const Warp& warp) {
    if (!strict_) learn(warp, layout_.stores(warp.agent), warp.stores_done);
}

void TensorChecker::fence_before(const Warp& warp) {
    learn(warp, layout_.issued(warp.agent), warp.tensor_ticks);
    learn(warp, layout_.loads(warp.agent), warp.loads_done);
    learn(warp, layout_.stores(warp.agent), warp.stores_done);
}

void TensorChecker::fence_after(const Warp& warp) {
    const auto agent = static_cast<std::size_t>(warp.agent);
    views_[agent] = clocks_[agent].known;
}

int TensorChecker::unfinished(const Block& block) const {
    for (std::size_t agent = 0; agent < cluster_.warps; ++agent) {
        std::uint32_t known = 0;
        for (const Warp& warp : block.warps)
            known = std::max(known, clocks_[static_cast<std::size_t>(warp.agent)]
                                        .known[static_cast<std::size_t>(layout_.tensor(static_cast<int>(agent)))]);
        if (known < last_[block.rank][agent]) return static_cast<int>(agent);
    }
    return -1;
}

void TensorChecker::report(const Warp& warp, const TensorRegion& region, const TensorAccess& earlier, Order order,
                           bool is_write) {
    const Statement& statement = warp.program->entry.statements[static_cast<std::size_t>(earlier.statement)];
    const std::string what = std::string(is_write ? "overwrites" : "reads") + " columns of tensor memory from " +
                             std::to_string(region.first) + " on that " + statement.opcode + " of warp " +
                             std::to_string(earlier.agent) + " at line " + std::to_string(statement.line);
    if (order == Order::unfenced) {
        ptx_machine::report(warp, "tcgen05-fence", what + " touched, with no fence after the wait for it",
                            "Put tcgen05.fence::after_thread_sync after the wait.");
        return;
    }
    const char* const kFence = " tcgen05.fence::before_thread_sync and an arrival must follow it for another thread.";
    std::string advice = "Wait for an mbarrier that a tcgen05.commit after it arrives at.";
    if (earlier.action == TensorAction::load) advice = std::string("Put tcgen05.wait::ld after it;") + kFence;
    if (earlier.action == TensorAction::store) advice = std::string("Put tcgen05.wait::st after it;") + kFence;
    ptx_machine::report(warp, "race", what + " may still use", advice);
}

}  // namespace aotgemm::ptx_machine
