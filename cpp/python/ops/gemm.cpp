// The GEMMs of every family and grouping: Python tensors in, one call of aotgemm_gemm.
#include <vector>

#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

void set_heads(aotgemm_gemm_call& call, nb::handle given) {
    const std::vector<std::int64_t> heads = read_integers("head_splits", given);
    if (heads.size() != 3) {
        raise("ShapeError", "head_splits: has " + std::to_string(heads.size()) +
                                " numbers, allowed are three (left, mid, right)");
    }
    call.head_left = heads[0];
    call.head_mid = heads[1];
    call.head_right = heads[2];
}

bool is_for(const char* family, const aotgemm_tensor& d) {
    std::int32_t is_for = 0;
    check(aotgemm_family_is_for(family, &d, &is_for));
    return is_for != 0;
}

// Whether it was run: with by_device a family that has no kernels where the operands lie is left alone.
bool gemm(const char* family, const char* grouping, const char* layout, nb::handle a, nb::handle sfa, nb::handle b,
          nb::handle sfb, nb::handle c, nb::handle d, nb::handle index, nb::handle ks, std::int64_t expected_m,
          nb::handle head_splits, int kernel, int threads, nb::handle stream, nb::handle workspace, std::int32_t gran_k_a,
          std::int32_t gran_k_b, nb::handle scaled_ks, bool by_device) {
    Call tensors(stream);
    aotgemm_gemm_call call{};
    call.family = family;
    call.grouping = grouping;
    call.layout = layout;
    call.a = &tensors.input("a", a);
    call.sfa = tensors.optional_input("sfa", sfa);
    call.b = &tensors.input("b", b);
    call.sfb = tensors.optional_input("sfb", sfb);
    call.c = tensors.optional_input("c", c);
    call.d = &tensors.output("d", d);
    if (by_device && !is_for(family, *call.d)) return false;
    call.gran_k_a = gran_k_a;
    call.gran_k_b = gran_k_b;
    const char* index_name = aotgemm_group_index_name(grouping);
    call.index = index_name != nullptr ? &tensors.input(index_name, index) : tensors.optional_input("index", index);
    call.scaled_ks = tensors.optional_input("scaled_ks", scaled_ks);
    if (!workspace.is_none()) call.workspace = &tensors.output("workspace", workspace);
    call.expected_m = expected_m;
    std::vector<std::int64_t> all_ks;
    if (!ks.is_none()) {
        all_ks = read_integers("ks", ks);
        call.ks = all_ks.data();
        call.ks_count = static_cast<std::int32_t>(all_ks.size());
    }
    if (!head_splits.is_none()) set_heads(call, head_splits);
    tensors.run([&](const aotgemm_launch& launch) { return aotgemm_gemm(&call, &launch); }, kernel, threads);
    return true;
}

}  // namespace

void bind_gemm(nb::module_& module) {
    module.def("gemm", &gemm, "family"_a, "grouping"_a, "layout"_a, "a"_a.none(), "sfa"_a.none(), "b"_a.none(),
               "sfb"_a.none(), "c"_a.none(), "d"_a.none(), "index"_a = nb::none(), "ks"_a = nb::none(), "expected_m"_a = 0,
               "head_splits"_a = nb::none(), "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "workspace"_a = nb::none(), "gran_k_a"_a = 0, "gran_k_b"_a = 0,
               "scaled_ks"_a = nb::none(), "by_device"_a = false,
               "Runs aotgemm_gemm; None where the call has no such operand. kernel: index of a spec to force. stream: a "
               "CUstream as an int instead of the current stream of the operands' framework; scales that a GPU must copy "
               "are refused then, unless the operands are DeviceArrays. workspace: of batch_reduced, instead of memory from "
               "the operands' framework. by_device: do nothing, and return False, where d lies on a device that the family has no "
               "kernels for.");
    module.def(
        "batch_ranges",
        [](nb::handle batches, nb::handle m, nb::handle n) {
            return aotgemm_batch_ranges(read_integer("batches", batches), read_integer("m", m), read_integer("n", n));
        },
        "batches"_a, "m"_a, "n"_a, nb::sig("def batch_ranges(batches: int, m: int, n: int) -> int"));
}

}  // namespace aotgemm::python
