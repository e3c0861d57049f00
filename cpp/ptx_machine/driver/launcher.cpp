#include "ptx_machine/driver/launcher.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "ptx_machine/driver/settings.hpp"
#include "ptx_machine/machine/processor_time.hpp"

namespace aotgemm::ptx_machine {
namespace {

const Program& program_of(const std::string& kernel) {
    static std::map<std::string, std::unique_ptr<Program>> programs;
    std::unique_ptr<Program>& program = programs[kernel];
    if (program != nullptr) return *program;
    const std::string path = settings().ptx_folder + "/" + kernel + ".ptx";
    std::ifstream file(path);
    if (!file) throw PtxError(0, path + " cannot be read");
    const Module module = parse_module(std::string{std::istreambuf_iterator<char>(file), {}});
    for (const Entry& entry : module.entries)
        if (entry.name == kernel) program = decode(module, entry);
    if (program == nullptr) throw PtxError(0, path + " has no entry " + kernel);
    return *program;
}

void write(const Findings& findings) {
    const std::string& path = settings().findings;
    std::ofstream file;
    if (!path.empty()) file.open(path, std::ios::app);
    for (const Finding& finding : findings.all()) {
        if (path.empty()) std::fprintf(stderr, "%s\n", finding.str().c_str());
        else file << finding.json() << '\n';
    }
}

void note_launch(const Machine& machine, const std::string& schedule, double seconds) {
    if (settings().launches.empty()) return;
    std::ofstream file(settings().launches, std::ios::app);
    const Counts& counts = machine.counts;
    file << "{\"kernel\": \"" << machine.program->kernel << "\", \"schedule\": \"" << schedule
         << "\", \"seconds\": " << seconds << ", \"arithmetic_seconds\": " << machine.counts.arithmetic_seconds
         << ", \"warp_instructions\": " << counts.warp_instructions << ", \"wgmma\": " << counts.wgmma
         << ", \"mma\": " << counts.mma
         << ", \"copies\": " << counts.copies << ", \"clusters\": " << counts.clusters
         << ", \"boxes_outside\": " << counts.boxes_outside << ", \"findings\": " << machine.findings->all().size()
         << ", \"opcodes\": [";
    std::map<std::string, bool> ran;
    for (std::size_t i = 0; i < machine.hits.size(); ++i) {
        const Instruction& instruction = machine.program->instructions[i];
        if (machine.hits[i] != 0 && instruction.statement >= 0)
            ran[machine.program->entry.statements[static_cast<std::size_t>(instruction.statement)].opcode] = true;
    }
    const char* separator = "";
    for (const auto& [opcode, yes] : ran) {
        file << separator << '"' << opcode << '"';
        separator = ", ";
    }
    file << "]}\n";
}

std::vector<std::string> schedules_of_a_launch() {
    static std::uint64_t next_seed = 0;
    std::vector<std::string> out;
    for (const std::string& name : settings().schedules) {
        if (!name.starts_with("seeds:")) {
            out.push_back(name);
            continue;
        }
        for (int i = std::stoi(name.substr(6)); i > 0; --i) out.push_back("seed:" + std::to_string(next_seed++));
    }
    return out;
}

void run_once(Machine& machine, const void* parameters, const std::string& schedule) {
    machine.options.schedule = Schedule::parse(schedule);
    machine.options.checks = settings().checks;
    machine.options.strict = settings().strict;
    machine.counts = {};
    const double start = processor_seconds();
    Timeline timeline;
    machine.timeline = settings().timeline.empty() ? nullptr : &timeline;
    machine.run(parameters);
    if (!settings().timeline.empty()) std::ofstream(settings().timeline) << timeline.html(machine.program->kernel);
    note_launch(machine, schedule, processor_seconds() - start);
}

}  // namespace

bool launch(const std::string& kernel, const LaunchShape& shape, const void* parameters, DeviceMemory& memory) {
    Findings findings;
    try {
        Machine machine;
        machine.program = &program_of(kernel);
        machine.shape = shape;
        machine.memory = &memory.known();
        machine.findings = &findings;
        const std::vector<std::string> schedules = schedules_of_a_launch();
        DeviceMemory::Contents before, first;
        if (schedules.size() > 1) before = memory.contents();
        GridOrder order = memory.known().order();
        order.start(shape.is_programmatic);
        for (std::size_t i = 0; i < schedules.size(); ++i) {
            if (i > 0) memory.restore(before);
            memory.known().order() = order;
            run_once(machine, parameters, schedules[i]);
            if (schedules.size() == 1) break;
            if (i == 0) first = memory.contents();
            else if (memory.contents() != first)
                findings.add({"schedule", kernel, 0, "", "", "",
                              "schedule " + schedules[i] + " gives other bits than " + schedules[0],
                              "A result must not depend on who runs first."});
        }
    } catch (const PtxError& error) {
        findings.add(
            {"ptx", kernel, 0, "", "", "", error.what(), "The machine never guesses: teach it what it does not know."});
    }
    write(findings);
    return findings.all().empty();
}

}  // namespace aotgemm::ptx_machine
