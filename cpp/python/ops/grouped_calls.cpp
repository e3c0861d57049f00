// The grouped and batched GEMMs: Python tensors in, one C ABI call each.
#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/ops/scale_layout.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

struct Operands {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;
};

Operands read_operands(Call& call, nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d) {
    return {call.input("a", a), call.input("sfa", sfa), call.input("b", b), call.input("sfb", sfb), call.output("d", d)};
}

bool contiguous(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d, nb::handle grouped_layout,
                bool use_psum, std::int64_t expected_m, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const Operands in = read_operands(call, a, sfa, b, sfb, d);
    const aotgemm_tensor& index = call.input("grouped_layout", grouped_layout);
    if (needs_mn_major_copy(in.a, in.sfa)) return false;
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_m_grouped_fp8_gemm_nt_contiguous(&in.a, &in.sfa, &in.b, &in.sfb, &in.d, &index, use_psum,
                                                            expected_m, &launch);
        },
        kernel, threads);
    return true;
}

bool masked(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d, nb::handle masked_m,
            std::int64_t expected_m, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const Operands in = read_operands(call, a, sfa, b, sfb, d);
    const aotgemm_tensor& index = call.input("masked_m", masked_m);
    if (needs_mn_major_copy(in.a, in.sfa)) return false;
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_m_grouped_fp8_gemm_nt_masked(&in.a, &in.sfa, &in.b, &in.sfb, &in.d, &index, expected_m, &launch);
        },
        kernel, threads);
    return true;
}

bool batched(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d, int kernel, int threads,
             nb::handle stream) {
    Call call(stream);
    const Operands in = read_operands(call, a, sfa, b, sfb, d);
    if (needs_mn_major_copy(in.a, in.sfa)) return false;
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_fp8_bmm_nt(&in.a, &in.sfa, &in.b, &in.sfb, &in.d, &launch);
        },
        kernel, threads);
    return true;
}

bool has_adjacent_columns(nb::handle tensor, const char* name) {
    const aotgemm_tensor view = read_tensor(name, tensor);
    const int last = view.ndim - 1;
    return view.ndim == 0 || view.shape[last] <= 1 || view.stride[last] == 1;
}

}  // namespace

void bind_grouped_calls(nb::module_& module) {
    module.def("m_grouped_fp8_gemm_nt_contiguous", &contiguous, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(),
               "d"_a.none(), "grouped_layout"_a.none(), "use_psum"_a = false, "expected_m"_a = 0, "kernel"_a = -1,
               "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_m_grouped_fp8_gemm_nt_contiguous. False, with nothing done, if sfa must be made MN-major first.");
    module.def("m_grouped_fp8_gemm_nt_masked", &masked, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(),
               "d"_a.none(), "masked_m"_a.none(), "expected_m"_a = 0, "kernel"_a = -1, "threads"_a = 0,
               "stream"_a = nb::none(),
               "Runs aotgemm_m_grouped_fp8_gemm_nt_masked. False, with nothing done, if sfa must be made MN-major first.");
    module.def("fp8_bmm_nt", &batched, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(), "d"_a.none(),
               "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_fp8_bmm_nt. False, with nothing done, if sfa must be made MN-major first.");
    module.def("has_adjacent_columns", &has_adjacent_columns, "tensor"_a.none(), "name"_a,
               "Whether elements along the last dimension are adjacent.");
    module.def("group_alignment", &aotgemm_group_alignment);
    module.def("set_compile_only", [](bool enabled) { aotgemm_set_compile_only(enabled); }, "enabled"_a);
    module.def("get_compile_only", [] { return aotgemm_get_compile_only() != 0; });
}

}  // namespace aotgemm::python
