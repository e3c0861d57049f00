// What the library holds, what it would choose, and which devices there are.
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"
#include "python/queries/queries.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

nb::dict describe(const aotgemm_spec& spec, int index) {
    nb::dict out;
    out["kernel"] = index;
    out["name"] = spec.name;
    out["arch"] = spec.arch;
    out["family"] = spec.family;
    out["grouping"] = spec.grouping;
    out["layout"] = spec.layout;
    out["out_dtype"] = spec.out_dtype;
    out["block_m"] = spec.block_m;
    out["block_n"] = spec.block_n;
    out["block_k"] = spec.block_k;
    out["stages"] = spec.stages;
    out["in_flight"] = spec.in_flight;
    out["cluster_m"] = spec.cluster_m;
    out["cluster_n"] = spec.cluster_n;
    out["swap_ab"] = spec.swap_ab != 0;
    out["threads"] = spec.threads;
    out["shared_bytes"] = spec.shared_bytes;
    out["sha256"] = spec.sha256;
    return out;
}

nb::list specs() {
    nb::list out;
    for (int i = 0; i < aotgemm_spec_count(); ++i) out.append(describe(*aotgemm_spec_at(i), i));
    return out;
}

nb::list cubins() {
    nb::list out;
    for (int i = 0; i < aotgemm_cubin_count(); ++i) {
        const aotgemm_cubin& cubin = *aotgemm_cubin_at(i);
        nb::dict entry;
        entry["name"] = cubin.name;
        entry["arch"] = cubin.arch;
        entry["sha256"] = cubin.sha256;
        entry["size"] = cubin.size;
        out.append(entry);
    }
    return out;
}

nb::bytes cubin_bytes(const std::string& name, const std::string& arch) {
    for (int i = 0; i < aotgemm_cubin_count(); ++i) {
        const aotgemm_cubin& cubin = *aotgemm_cubin_at(i);
        if (name == cubin.name && arch == cubin.arch) return nb::bytes(cubin.data, cubin.size);
    }
    raise("KernelMissingError",
          "name, arch: are " + name + ", " + arch + ", allowed is a kernel that `aotgemm list` shows");
}

nb::dict describe(const aotgemm_device& device) {
    nb::dict out;
    out["name"] = device.name;
    out["cc_major"] = device.cc_major;
    out["cc_minor"] = device.cc_minor;
    out["num_sms"] = device.num_sms;
    out["memory_gbps"] = device.memory_gbps;
    out["clock_mhz"] = device.clock_mhz;
    return out;
}

aotgemm_device find_named_device(const std::string& name) {
    aotgemm_device device{};
    check(aotgemm_named_device(name.c_str(), &device));
    return device;
}

}  // namespace

aotgemm_device read_device(nb::handle given) {
    if (nb::isinstance<nb::str>(given)) return find_named_device(nb::cast<std::string>(given));
    aotgemm_device device{};
    std::snprintf(device.name, sizeof device.name, "%s", nb::cast<std::string>(given["name"]).c_str());
    device.cc_major = read_int("cc_major", given["cc_major"]);
    device.cc_minor = read_int("cc_minor", given["cc_minor"]);
    device.num_sms = read_int("num_sms", given["num_sms"]);
    device.memory_gbps = read_int("memory_gbps", given["memory_gbps"]);
    device.clock_mhz = read_int("clock_mhz", given["clock_mhz"]);
    return device;
}

aotgemm_problem read_problem(const ProblemWords& words, const ProblemNumbers& numbers) {
    return {.family = words.family.c_str(),
            .grouping = words.grouping.c_str(),
            .layout = words.layout.c_str(),
            .out_dtype = words.out_dtype.c_str(),
            .groups = read_int("groups", numbers.groups),
            .m = read_integer("m", numbers.m),
            .n = read_integer("n", numbers.n),
            .k = read_integer("k", numbers.k),
            .num_sms = read_int("num_sms", numbers.num_sms)};
}

namespace {

nb::list select(const std::string& family, nb::handle m, nb::handle n, nb::handle k, nb::handle num_sms,
                nb::handle device, nb::handle count, const std::string& grouping, const std::string& layout,
                const std::string& out_dtype, nb::handle groups) {
    const aotgemm_problem problem = read_problem({family, grouping, layout, out_dtype}, {groups, m, n, k, num_sms});
    const aotgemm_device description = read_device(device);
    const int most = std::min(read_int("count", count, 1), std::max(aotgemm_spec_count(), 1));
    std::vector<aotgemm_selection> choices(static_cast<std::size_t>(most));
    int found = 0;
    check(aotgemm_select(&problem, &description, choices.data(), most, &found));
    nb::list out;
    for (int i = 0; i < found; ++i) {
        nb::dict choice;
        choice["kernel"] = choices[i].kernel;
        choice["name"] = aotgemm_spec_at(choices[i].kernel)->name;
        choice["grid"] = choices[i].grid;
        choice["tiles"] = choices[i].tiles;
        choice["predicted_us"] = choices[i].predicted_us;
        choice["measured_us"] = choices[i].measured_us;
        choice["reason"] = choices[i].reason;
        out.append(choice);
    }
    return out;
}

nb::dict predict_tile(nb::dict tile, const std::string& family, nb::handle m, nb::handle n, nb::handle k,
                      nb::handle num_sms, nb::handle device, const std::string& grouping, const std::string& layout,
                      const std::string& out_dtype, nb::handle groups) {
    const aotgemm_problem problem = read_problem({family, grouping, layout, out_dtype}, {groups, m, n, k, num_sms});
    const aotgemm_device description = read_device(device);
    aotgemm_spec spec{};
    spec.block_m = read_int("block_m", tile["block_m"]);
    spec.block_n = read_int("block_n", tile["block_n"]);
    spec.block_k = read_int("block_k", tile["block_k"]);
    spec.cluster_m = read_int("cluster_m", tile["cluster_m"]);
    spec.cluster_n = read_int("cluster_n", tile["cluster_n"]);
    spec.swap_ab = nb::cast<bool>(tile["swap_ab"]);
    aotgemm_tile_time time{};
    check(aotgemm_predict_tile(&spec, &problem, &description, &time));
    nb::dict out;
    out["us"] = time.us;
    out["computing_us"] = time.computing_us;
    out["memory_us"] = time.memory_us;
    out["tensor_share"] = time.tensor_share;
    out["tiles"] = time.tiles;
    out["waves"] = time.waves;
    out["working"] = time.working;
    out["loads_bound"] = time.loads_bound != 0;
    return out;
}

bool has_measured_rates(nb::handle device) {
    const aotgemm_device description = read_device(device);
    int measured = 0;
    check(aotgemm_has_measured_rates(&description, &measured));
    return measured != 0;
}

nb::list named_devices() {
    nb::list out;
    for (int i = 0; const char* name = aotgemm_named_device_at(i); ++i) out.append(nb::str(name));
    return out;
}

nb::dict cuda_device(nb::handle ordinal) {
    aotgemm_device device{};
    check(aotgemm_cuda_device(read_ordinal(ordinal), &device));
    return describe(device);
}

int preload(nb::handle ordinal) {
    int loaded = 0;
    check(aotgemm_preload(read_ordinal(ordinal), &loaded));
    return loaded;
}

}  // namespace

void bind_queries(nb::module_& module) {
    module.def("version", &aotgemm_version);
    module.def("specs", &specs, "Every GEMM kernel, in the order of the kernel index.");
    module.def("cubins", &cubins);
    module.def("cubin_bytes", &cubin_bytes, "name"_a, "arch"_a);
    module.def("select", &select, "family"_a, "m"_a, "n"_a, "k"_a, "num_sms"_a, "device"_a, "count"_a,
               "grouping"_a = "dense", "layout"_a = "nt", "out_dtype"_a = "bf16", "groups"_a = 1,
               "The best `count` choices, best first. device: a name, or a dict as named_device gives it.");
    module.def("predict_tile", &predict_tile, "tile"_a, "family"_a, "m"_a, "n"_a, "k"_a, "num_sms"_a, "device"_a,
               "grouping"_a = "dense", "layout"_a = "nt", "out_dtype"_a = "bf16", "groups"_a = 1,
               "The time of a tile on sm_100a from published facts. tile: block_m, block_n, block_k, cluster_m, cluster_n, swap_ab.");
    module.def("has_measured_rates", &has_measured_rates, "device"_a,
               "Whether times are predicted over measured rates, not over published facts.");
    module.def("named_devices", &named_devices);
    module.def("named_device", [](const std::string& name) { return describe(find_named_device(name)); }, "name"_a);
    module.def("cuda_device_count", &aotgemm_cuda_device_count);
    module.def("cuda_unavailable_reason", &aotgemm_cuda_unavailable_reason);
    module.def("cuda_driver_version", &aotgemm_cuda_driver_version);
    module.def("cuda_device", &cuda_device, "ordinal"_a);
    module.def("preload", &preload, "ordinal"_a);
    module.def("synchronize", [](nb::handle ordinal) { check(aotgemm_cuda_synchronize(read_ordinal(ordinal))); }, "ordinal"_a);
}

}  // namespace aotgemm::python
