#include "ptx_machine/machine/machine.hpp"

#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/divergence.hpp"
#include "ptx_machine/machine/scheduler.hpp"

namespace aotgemm::ptx_machine {
namespace {

void start_warp(Warp& warp, const Program& program, Block& block, int index, std::uint32_t lanes) {
    if (warp.file.empty()) warp.file = RegisterFile(program.file_words + kLanes);
    else warp.file.clear();
    auto file = std::move(warp.file);
    warp = Warp{};
    warp.file = std::move(file);
    warp.program = &program;
    warp.block = &block;
    warp.index = index;
    warp.mask = warp.living = lanes;
    warp.frames = {{0, lanes, kNoJoin}};
    warp.predicates.assign(program.predicate_count, 0);
    warp.defined.assign(program.shadow_count, 0);
    warp.accumulator_users.assign(program.shadow_count, 0);
    warp.accumulator_touched.assign(program.shadow_count, ~0u);
    for (const Constant& constant : program.constants) {
        warp.defined[constant.place.shadow] = ~0u;
        const std::uint64_t bits = constant.bits + (constant.is_shared_address ? block.rank << kRankShift : 0);
        for (int lane = 0; lane < kLanes; ++lane) {
            if (constant.place.type == RegisterType::bits64)
                warp.lanes<std::uint64_t>(constant.place)[lane] = bits;
            else if (constant.place.type != RegisterType::predicate)
                warp.lanes<std::uint32_t>(constant.place)[lane] = static_cast<std::uint32_t>(bits);
        }
        if (constant.place.type == RegisterType::predicate)
            warp.predicates[constant.place.word] = constant.bits != 0 ? ~0u : 0;
    }
}

void start_block(const Machine& machine, Block& block, Cluster& cluster, std::uint32_t rank) {
    const Program& program = *machine.program;
    const std::uint32_t threads = machine.shape.block[0] * machine.shape.block[1] * machine.shape.block[2];
    const std::uint32_t warps = (threads + kLanes - 1) / kLanes;
    const std::uint32_t shared = program.shared_dynamic + machine.shape.shared_bytes;
    block.cluster = &cluster;
    block.rank = rank;
    block.exited = false;
    block.registers_short = 0;
    block.shared.assign(shared, 0xFF);  // NaN in every format
    block.warps.resize(warps);
    for (std::uint32_t w = 0; w < warps; ++w) {
        const std::uint32_t lanes = threads - w * kLanes >= kLanes ? ~0u : (1u << (threads - w * kLanes)) - 1;
        start_warp(block.warps[w], program, block, static_cast<int>(w), lanes);
    }
    block.warpgroups.assign((warps + kWarpsOfWarpgroup - 1) / kWarpsOfWarpgroup, {});
    block.barriers = {};
    block.mbarriers.clear();
    block.tensor_memory = program.uses_tensor_memory ? std::make_unique<TensorMemory>() : nullptr;
    block.tensor_group = 0;
    block.tensor_ops.clear();
    block.tensor_done_at = 0;
    block.mbarrier_at.assign(shared / 8 + 1, -1);
}

// Ranks of blocks count along x, then y, then z.
void start_cluster(Machine& machine, Cluster& cluster, std::uint64_t number) {
    const LaunchShape& shape = machine.shape;
    cluster.machine = &machine;
    cluster.blocks.resize(shape.blocks_of_cluster());
    cluster.copies.clear();
    cluster.lane_copies.clear();
    cluster.lane_arrivals.clear();
    cluster.arrived = cluster.phase = cluster.warps = cluster.exited_warps = 0;
    cluster.step = 0;
    const auto [x, y, z] = machine.first_block(number);
    for (std::uint32_t rank = 0; rank < shape.blocks_of_cluster(); ++rank) {
        Block& block = cluster.blocks[rank];
        start_block(machine, block, cluster, rank);
        block.x = x + rank % shape.cluster[0];
        block.y = y + rank / shape.cluster[0] % shape.cluster[1];
        block.z = z + rank / shape.cluster[0] / shape.cluster[1];
        for (Warp& warp : block.warps) warp.agent = static_cast<int>(cluster.warps++);
    }
}

void run_cluster(Machine& machine, Cluster& cluster) {
    std::unique_ptr<Checker> checker;
    if (machine.options.checks) {
        checker = std::make_unique<Checker>(cluster);
        for (Block& block : cluster.blocks)
            for (Warp& warp : block.warps) warp.check = checker.get();
    }
    Scheduler(machine, cluster).run();
}

}  // namespace

std::uint64_t Machine::clusters() const {
    return std::uint64_t{shape.clusters_along(0)} * shape.clusters_along(1) * shape.clusters_along(2);
}

std::array<std::uint32_t, 3> Machine::first_block(std::uint64_t cluster) const {
    const std::uint64_t along_x = shape.clusters_along(0), along_y = shape.clusters_along(1);
    return {static_cast<std::uint32_t>(cluster % along_x) * shape.cluster[0],
            static_cast<std::uint32_t>(cluster / along_x % along_y) * shape.cluster[1],
            static_cast<std::uint32_t>(cluster / along_x / along_y) * shape.cluster[2]};
}

void Machine::run(const void* parameter_data) {
    parameters.assign(program->parameter_bytes / 8 + 32, 0);
    // Maps among the parameters are 128 bytes aligned in the kernel, so they must be here.
    const auto start = reinterpret_cast<std::uintptr_t>(parameters.data());
    parameter_start = static_cast<std::uint32_t>((128 - start % 128) % 128);
    std::memcpy(parameter_bytes(), parameter_data, program->parameter_bytes);
    hits.assign(program->instructions.size(), 0);
    random.seed(options.schedule.seed);
    next_cluster = 0;
    Cluster cluster;
    try {
        while (next_cluster < clusters()) {
            start_cluster(*this, cluster, next_cluster++);
            ++counts.clusters;
            run_cluster(*this, cluster);
            timeline = nullptr;
        }
    } catch (const GridStopped&) {
        if (findings->all().empty()) throw;
    }
}

void Machine::report(const Warp& warp, const Instruction& instruction, const std::string& kind,
                     const std::string& message, const std::string& advice) {
    Finding finding{kind, program->kernel, program->line_of(instruction), "", "", "", message, advice};
    if (instruction.statement >= 0) {
        const Statement& statement = program->entry.statements[static_cast<std::size_t>(instruction.statement)];
        finding.text = statement.opcode;
        if (statement.source_line != 0 &&
            static_cast<std::size_t>(statement.source_file) < program->source_files.size())
            finding.source = program->source_files[static_cast<std::size_t>(statement.source_file)] + ":" +
                             std::to_string(statement.source_line);
    }
    const Block& block = *warp.block;
    finding.where = "block (" + std::to_string(block.x) + ", " + std::to_string(block.y) + ", " +
                    std::to_string(block.z) + "), warp " + std::to_string(warp.index);
    findings->add(std::move(finding));
}

void Machine::stop(const Warp& warp, const Instruction& instruction, const std::string& kind,
                   const std::string& message, const std::string& advice) {
    report(warp, instruction, kind, message, advice);
    throw GridStopped();
}

void report(const Warp& warp, const std::string& kind, const std::string& message, const std::string& advice) {
    machine_of(warp).report(warp, warp.current(), kind, message, advice);
}

void stop(const Warp& warp, const std::string& kind, const std::string& message, const std::string& advice) {
    machine_of(warp).stop(warp, warp.current(), kind, message, advice);
}

void want_all_lanes(const Warp& warp, const Instruction& i) {
    if (warp.active(i) == warp.living && warp.living == ~0u) return;
    report(warp, "partial-mask", "an instruction that all 32 lanes must run together is run by some of them",
           "Let the lanes meet before it.");
}

}  // namespace aotgemm::ptx_machine
