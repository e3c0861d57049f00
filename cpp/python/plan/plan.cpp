// Plans: intervals of the selection, the plan in force, and recorded calls.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"
#include "python/queries/queries.hpp"

namespace aotgemm::python {

namespace nb = nanobind;
using namespace nanobind::literals;

namespace {

using PlanKernel = std::tuple<std::string, std::string, std::string>;  // name, arch, sha256
// family, grouping, layout, out_dtype, groups, n, k, num_sms, first and last M, index of a PlanKernel
using PlanRow = std::tuple<std::string, std::string, std::string, std::string, int, std::int64_t, std::int64_t, int,
                           std::int64_t, std::int64_t, int>;

nb::list select_intervals(const std::string& family, nb::handle n, nb::handle k, nb::handle num_sms, nb::handle device,
                          nb::handle m_first, nb::handle m_last, nb::handle m_step, const std::string& grouping,
                          const std::string& layout, const std::string& out_dtype, nb::handle groups) {
    const aotgemm_problem problem =
        read_problem({family, grouping, layout, out_dtype}, {groups, nb::int_(1), n, k, num_sms});
    const aotgemm_device description = read_device(device);
    const std::int64_t first = read_integer("m_first", m_first), last = read_integer("m_last", m_last);
    const std::int64_t step = read_integer("m_step", m_step);
    std::vector<aotgemm_interval> intervals(1024);
    int count = 0;
    for (bool complete = false; !complete;) {
        check(aotgemm_select_intervals(&problem, &description, first, last, step, intervals.data(),
                                       static_cast<int>(intervals.size()), &count));
        complete = count <= static_cast<int>(intervals.size());
        intervals.resize(count);
    }
    nb::list out;
    for (const aotgemm_interval& i : intervals) {
        out.append(nb::make_tuple(i.m_first, i.m_last, i.kernel, i.first_us, i.last_us));
    }
    return out;
}

void plan_load(const std::vector<PlanKernel>& kernels, const std::vector<PlanRow>& rows, int cc_major, int cc_minor,
               int num_sms, int mode) {
    std::vector<aotgemm_plan_kernel> views;
    for (const auto& [name, arch, sha256] : kernels) {
        views.push_back({.name = name.c_str(), .arch = arch.c_str(), .sha256 = sha256.c_str()});
    }
    std::vector<aotgemm_plan_row> lines;
    for (const auto& [family, grouping, layout, out_dtype, groups, n, k, sms, m_first, m_last, kernel] : rows) {
        lines.push_back({.family = family.c_str(),
                         .grouping = grouping.c_str(),
                         .layout = layout.c_str(),
                         .out_dtype = out_dtype.c_str(),
                         .groups = groups,
                         .n = n,
                         .k = k,
                         .num_sms = sms,
                         .m_first = m_first,
                         .m_last = m_last,
                         .kernel = kernel});
    }
    const aotgemm_plan plan{.cc_major = cc_major,
                            .cc_minor = cc_minor,
                            .num_sms = num_sms,
                            .kernels = views.data(),
                            .kernel_count = static_cast<int>(views.size()),
                            .rows = lines.data(),
                            .row_count = static_cast<int>(lines.size())};
    check(aotgemm_plan_load(&plan, static_cast<aotgemm_plan_mode>(mode)));
}

void plan_check(const std::string& family, const std::string& grouping, const std::string& layout,
                const std::string& out_dtype, nb::handle groups, nb::handle m, nb::handle n, nb::handle k,
                nb::handle num_sms, nb::handle device, int kernel) {
    const aotgemm_problem problem = read_problem({family, grouping, layout, out_dtype}, {groups, m, n, k, num_sms});
    if (device.is_none()) return check(aotgemm_plan_check(&problem, nullptr, kernel));
    const aotgemm_device description = read_device(device);
    check(aotgemm_plan_check(&problem, &description, kernel));
}

nb::list recorded_calls() {
    nb::list out;
    aotgemm_plan_call call{};
    for (int i = 0; aotgemm_plan_call_at(i, &call) != 0; ++i) {
        const aotgemm_problem& problem = call.problem;
        nb::dict entry;
        entry["family"] = problem.family;
        entry["grouping"] = problem.grouping;
        entry["layout"] = problem.layout;
        entry["out_dtype"] = problem.out_dtype;
        entry["groups"] = problem.groups;
        entry["m"] = problem.m;
        entry["n"] = problem.n;
        entry["k"] = problem.k;
        entry["num_sms"] = problem.num_sms;
        entry["kernel"] = call.kernel >= 0 ? aotgemm_spec_at(call.kernel)->name : "";
        entry["planned"] = call.planned != 0;
        entry["count"] = call.count;
        out.append(entry);
    }
    return out;
}

}  // namespace

void bind_plan(nb::module_& module) {
    module.def("select_intervals", &select_intervals, "family"_a, "n"_a, "k"_a, "num_sms"_a, "device"_a, "m_first"_a,
               "m_last"_a, "m_step"_a, "grouping"_a = "dense", "layout"_a = "nt", "out_dtype"_a = "bf16", "groups"_a = 1,
               "Tuples (first M, last M, kernel, predicted us at both), ascending.");
    module.def("plan_load", &plan_load, "kernels"_a, "rows"_a, "cc_major"_a, "cc_minor"_a, "num_sms"_a, "mode"_a);
    module.def("plan_record", [] { check(aotgemm_plan_load(nullptr, AOTGEMM_PLAN_RECORD)); });
    module.def("plan_off", [] { check(aotgemm_plan_load(nullptr, AOTGEMM_PLAN_OFF)); });
    module.def("plan_mode", [] { return static_cast<int>(aotgemm_plan_mode_in_force()); });
    module.def("plan_warning", &aotgemm_plan_warning);
    module.def("plan_check", &plan_check, "family"_a, "grouping"_a, "layout"_a, "out_dtype"_a, "groups"_a, "m"_a, "n"_a,
               "k"_a, "num_sms"_a, "device"_a.none(), "kernel"_a);
    module.def("recorded_calls", &recorded_calls);
    module.def("forget_recorded_calls", &aotgemm_plan_forget_calls);
}

}  // namespace aotgemm::python
