// Named barriers of a block, the barrier of a cluster, and fences.
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::uint32_t uniform_value(Warp& warp, const Place& place) { return warp.lanes<std::uint32_t>(place)[0]; }

void complete_barrier(Block& block, int number, Checker* check) {
    NamedBarrier& barrier = block.barriers[static_cast<std::size_t>(number)];
    for (Warp& warp : block.warps) {
        if (warp.state != WarpState::at_barrier || warp.barrier != number) continue;
        warp.state = WarpState::runnable;
        draw_wait(warp, barrier.step, "at barrier " + std::to_string(number));
        if (check != nullptr) check->acquire(warp, check->barrier_clock(block, number));
        const Instruction& i = warp.current();
        if (i.details == nullptr) continue;  // no reduction
        warp.set_predicate(i.to, ~0u, barrier.all ? ~0u : 0);
        warp.define(i.to, ~0u, ~0u);
    }
    if (check != nullptr) check->barrier_clock(block, number).clear();
    barrier = {};
}

// Counts the warp's threads at a barrier of the block, and lets those go on who wait there if it was the last.
template <bool kWaits>
void arrive_in_block(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    Block& block = *warp.block;
    const auto number = static_cast<int>(uniform_value(warp, i.a));
    const auto all_threads = static_cast<std::uint32_t>(block.warps.size() * kLanes);
    const std::uint32_t wanted = i.b.shadow == 0 ? all_threads : uniform_value(warp, i.b);
    if (number < 0 || number >= kNamedBarriers)
        stop(warp, "barrier", "there is no barrier " + std::to_string(number), "A block has barriers 0 to 15.");
    NamedBarrier& barrier = block.barriers[static_cast<std::size_t>(number)];
    if (wanted == 0 || wanted % kLanes != 0 || wanted > all_threads ||
        (barrier.arrived != 0 && barrier.wanted != wanted))
        stop(warp, "barrier",
             "barrier " + std::to_string(number) + " is to wait for " + std::to_string(wanted) + " threads, and for " +
                 std::to_string(barrier.wanted) + " by those who are there",
             "Give whole warps of the block, and the same number everywhere.");
    barrier.wanted = wanted;
    barrier.line = warp.program->line_of(i);
    barrier.arrived += kLanes;
    barrier.step = std::max(barrier.step, warp.step);
    if (i.details != nullptr) barrier.all = barrier.all && warp.predicate(i.c) == ~0u;
    if (kWaits) {
        warp.state = WarpState::at_barrier;
        warp.barrier = number;
    }
    if (warp.check != nullptr) warp.check->release(warp, warp.check->barrier_clock(block, number));
    if (barrier.arrived == wanted) complete_barrier(block, number, warp.check);
}

void decode_sync(Decoder& decoder, const Statement& statement, Instruction& out) {
    if (statement.operands.empty() || statement.operands.size() > 2) decoder.fail("expected one or two operands");
    out.a = decoder.source(statement.operands[0], RegisterType::bits32);
    out.b = {0, 0, RegisterType::predicate};  // all threads
    if (statement.operands.size() == 2) out.b = decoder.source(statement.operands[1], RegisterType::bits32);
}

// The number of threads is given, those that wait among them.
void decode_arrive(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 2);
    decode_sync(decoder, statement, out);
}

void decode_reduction(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 4);
    out.to = decoder.destination(statement.operands[0], RegisterType::predicate);
    out.a = decoder.source(statement.operands[1], RegisterType::bits32);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
    out.c = decoder.source(statement.operands[3], RegisterType::predicate);
    decoder.add_details(out);
}

// A relaxed arrival orders execution, and passes on only what fence.mbarrier_init has published.
template <bool kReleases>
void arrive_in_cluster(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    Cluster& cluster = *warp.block->cluster;
    if (warp.cluster_phases > cluster.phase)
        stop(warp, "barrier", "barrier.cluster.arrive comes twice with no wait between", "Wait after each arrive.");
    warp.cluster_phases = cluster.phase + 1;
    ++cluster.arrived;
    cluster.step = std::max(cluster.step, warp.step);
    if (warp.check != nullptr) {
        if (kReleases) warp.check->release(warp, cluster.cluster_clock);
        else cluster.cluster_clock.join_published(warp.check->clock(warp));
    }
    complete_cluster_barrier(cluster);
}

void wait_in_cluster(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    if (warp.cluster_phases == 0)
        stop(warp, "barrier", "barrier.cluster.wait comes without an arrive", "Arrive first.");
    if (warp.block->cluster->phase < warp.cluster_phases) warp.state = WarpState::at_cluster_barrier;
}

void proxy_fence(Warp& warp, const Instruction&) {
    if (warp.check == nullptr) return;
    warp.check->proxy_fence(warp);
}

// Publishes the barriers that this block has initialised so far.
void mbarrier_init_fence(Warp& warp, const Instruction& i) {
    if (warp.active(i) == 0) return;
    for (Mbarrier& barrier : warp.block->mbarriers) barrier.init_fenced = true;
    if (warp.check != nullptr) warp.check->mbarrier_init_fence(warp);
}

}  // namespace

void add_barrier_opcodes(OpcodeTable& table) {
    table["bar.sync"] = {"", arrive_in_block<true>, decode_sync, false};
    table["bar.arrive"] = {"", arrive_in_block<false>, decode_arrive, false};
    table["barrier.cta.red.and.aligned.pred"] = {"", arrive_in_block<true>, decode_reduction, false};
    const auto decode_nothing = [](Decoder& decoder, const Statement& statement, Instruction&) {
        decoder.count(statement, 0);
    };
    for (const char* semantics : {".release", ""})
        table[std::string("barrier.cluster.arrive") + semantics + ".aligned"] = {"", arrive_in_cluster<true>,
                                                                                 decode_nothing, false};
    table["barrier.cluster.arrive.relaxed.aligned"] = {"", arrive_in_cluster<false>, decode_nothing, false};
    for (const char* semantics : {".acquire", ""})
        table[std::string("barrier.cluster.wait") + semantics + ".aligned"] = {"", wait_in_cluster, decode_nothing,
                                                                               false};
    table["fence.proxy.async.shared::cta"] = {"", proxy_fence, decode_nothing, false};
    table["fence.mbarrier_init.release.cluster"] = {"", mbarrier_init_fence, decode_nothing, false};
}

}  // namespace aotgemm::ptx_machine
