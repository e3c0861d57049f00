// Where diverged lanes meet again: the immediate post-dominator of a branch. (K. D. Cooper, T. J. Harvey, K. Kennedy,
// "A Simple, Fast Dominance Algorithm", run on the reversed graph.)
#include <algorithm>

#include "ptx_machine/machine/divergence.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

struct Graph {
    std::vector<std::uint32_t> first;     // statement of each block; the last block is the exit
    std::vector<std::uint32_t> block_of;  // of each statement
    std::vector<std::vector<int>> next, previous;
    int exit() const { return static_cast<int>(first.size()); }
};

bool is_branch(const Statement& statement) { return statement.target >= 0; }
bool is_end(const Statement& statement) { return statement.opcode == "ret" || statement.opcode == "exit"; }

Graph build_graph(const std::vector<Statement>& statements) {
    Graph graph;
    std::vector<bool> leads(statements.size() + 1);
    leads[0] = true;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (is_branch(statements[i])) leads[static_cast<std::size_t>(statements[i].target)] = true;
        if (is_branch(statements[i]) || is_end(statements[i])) leads[i + 1] = true;
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (leads[i]) graph.first.push_back(static_cast<std::uint32_t>(i));
        graph.block_of.push_back(static_cast<std::uint32_t>(graph.first.size() - 1));
    }
    graph.next.resize(graph.first.size() + 1);
    graph.previous.resize(graph.first.size() + 1);
    const auto add = [&](std::size_t from, int to) {
        graph.next[from].push_back(to);
        graph.previous[static_cast<std::size_t>(to)].push_back(static_cast<int>(from));
    };
    for (std::size_t block = 0; block < graph.first.size(); ++block) {
        const std::size_t end = block + 1 < graph.first.size() ? graph.first[block + 1] : statements.size();
        const Statement& last = statements[end - 1];
        if (is_branch(last)) add(block, static_cast<int>(graph.block_of[static_cast<std::size_t>(last.target)]));
        if (is_end(last)) add(block, graph.exit());
        if ((!is_branch(last) && !is_end(last)) || last.guard >= 0)
            add(block, end < statements.size() ? static_cast<int>(block + 1) : graph.exit());
    }
    return graph;
}

// Blocks in an order in which, where there are no loops, each comes after those that follow it in the program.
std::vector<int> from_the_exit(const Graph& graph) {
    std::vector<int> order;
    std::vector<bool> seen(graph.previous.size());
    std::vector<std::pair<int, std::size_t>> stack{{graph.exit(), 0}};
    seen[static_cast<std::size_t>(graph.exit())] = true;
    while (!stack.empty()) {
        auto& [block, at] = stack.back();
        const auto& previous = graph.previous[static_cast<std::size_t>(block)];
        if (at == previous.size()) {
            order.push_back(block);
            stack.pop_back();
            continue;
        }
        const int next = previous[at++];
        if (seen[static_cast<std::size_t>(next)]) continue;
        seen[static_cast<std::size_t>(next)] = true;
        stack.emplace_back(next, 0);
    }
    std::reverse(order.begin(), order.end());
    return order;
}

// The immediate post-dominator of each block; -1 for one from which the exit cannot be reached.
std::vector<int> post_dominators(const Graph& graph) {
    const std::vector<int> order = from_the_exit(graph);
    std::vector<int> rank(graph.previous.size(), -1), dominator(graph.previous.size(), -1);
    for (std::size_t i = 0; i < order.size(); ++i) rank[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    dominator[static_cast<std::size_t>(graph.exit())] = graph.exit();
    const auto meet = [&](int a, int b) {
        while (a != b) {
            int& later = rank[static_cast<std::size_t>(a)] > rank[static_cast<std::size_t>(b)] ? a : b;
            later = dominator[static_cast<std::size_t>(later)];
        }
        return a;
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (const int block : order) {
            if (block == graph.exit()) continue;
            int found = -1;
            for (const int next : graph.next[static_cast<std::size_t>(block)])
                if (dominator[static_cast<std::size_t>(next)] >= 0) found = found < 0 ? next : meet(found, next);
            if (found == dominator[static_cast<std::size_t>(block)]) continue;
            dominator[static_cast<std::size_t>(block)] = found;
            changed = true;
        }
    }
    return dominator;
}

}  // namespace

void add_joins(Program& program) {
    const std::vector<Statement>& statements = program.entry.statements;
    const Graph graph = build_graph(statements);
    const std::vector<int> dominator = post_dominators(graph);
    std::vector<std::uint32_t> join_of(statements.size(), kNoJoin);
    std::vector<bool> joins(statements.size());
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (!is_branch(statements[i]) || statements[i].guard < 0) continue;
        const int block = dominator[graph.block_of[i]];
        if (block < 0 || block == graph.exit()) continue;
        join_of[i] = graph.first[static_cast<std::size_t>(block)];
        joins[join_of[i]] = true;
    }
    std::vector<std::uint32_t> place(statements.size());
    std::vector<Instruction> out;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        place[i] = static_cast<std::uint32_t>(out.size());
        if (joins[i]) {
            Instruction meeting;
            meeting.run = join;
            out.push_back(meeting);
        }
        out.push_back(program.instructions[i]);
    }
    for (Instruction& i : out) {
        if (i.statement < 0 || !is_branch(statements[static_cast<std::size_t>(i.statement)])) continue;
        const std::uint32_t met = join_of[static_cast<std::size_t>(i.statement)];
        i.target = place[i.target];
        i.join = met == kNoJoin ? kNoJoin : place[met];
    }
    program.instructions = std::move(out);
}

void mark_accumulators(Program& program) {
    std::vector<bool> is_one(program.shadow_count);
    const auto is_wgmma = [](const Instruction& i) { return i.details != nullptr && i.details->n != 0; };
    for (const Instruction& i : program.instructions)
        if (is_wgmma(i))
            i.details->for_each_wgmma_register([&](const Place& place) { is_one[place.shadow] = true; });
    for (const Instruction& i : program.instructions) {
        if (i.details == nullptr || i.details->tcgen05.action == TensorAction::none) continue;
        program.uses_tensor_memory = true;
        if (i.details->tcgen05.action == TensorAction::load)
            for (const Place& place : i.details->list) is_one[place.shadow] = true;
    }
    for (Instruction& i : program.instructions) {
        if (is_wgmma(i)) continue;
        bool touches = is_one[i.to.shadow] || is_one[i.a.shadow] || is_one[i.b.shadow] || is_one[i.c.shadow];
        if (i.details != nullptr)
            for (const Place& place : i.details->list) touches = touches || is_one[place.shadow];
        if (touches) i.flags |= kTouchesAccumulators;
    }
}

}  // namespace aotgemm::ptx_machine
