// Calls of family fp8_gemm_1d1d, and the GEMM that skips columns: Python tensors in, one C ABI call each.
#include <nanobind/stl/vector.h>

#include <vector>

#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/ops/scale_layout.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

// None is no accumulator.
const aotgemm_tensor* optional_input(Call& call, const char* name, nb::handle object) {
    return object.is_none() ? nullptr : &call.input(name, object);
}

bool dense(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle c, nb::handle d, int kernel, int threads,
           nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor &va = call.input("a", a), &vsfa = call.input("sfa", sfa);
    const aotgemm_tensor &vb = call.input("b", b), &vsfb = call.input("sfb", sfb);
    const aotgemm_tensor* vc = optional_input(call, "c", c);
    const aotgemm_tensor& vd = call.output("d", d);
    if (needs_mn_major_copy(va, vsfa) || needs_mn_major_copy(vb, vsfb)) return false;
    call.run([&](const aotgemm_launch& launch) { return aotgemm_fp8_gemm_nt_1d1d(&va, &vsfa, &vb, &vsfb, vc, &vd, &launch); },
             kernel, threads);
    return true;
}

bool k_grouped(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle c, nb::handle d,
               const std::vector<std::int64_t>& ks, nb::handle ks_tensor, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor &va = call.input("a", a), &vsfa = call.input("sfa", sfa);
    const aotgemm_tensor &vb = call.input("b", b), &vsfb = call.input("sfb", sfb);
    const aotgemm_tensor* vc = optional_input(call, "c", c);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor& vks = call.input("ks_tensor", ks_tensor);
    const bool shaped = vd.ndim == 3;
    if (shaped && (needs_mn_major_copy(vsfa, vd.shape[1]) || needs_mn_major_copy(vsfb, vd.shape[2]))) return false;
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_k_grouped_fp8_gemm_nt_contiguous(&va, &vsfa, &vb, &vsfb, vc, &vd, ks.data(),
                                                            static_cast<int>(ks.size()), &vks, &launch);
        },
        kernel, threads);
    return true;
}

bool skip_head_mid(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d, std::int64_t left,
                   std::int64_t mid, std::int64_t right, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor &va = call.input("a", a), &vsfa = call.input("sfa", sfa);
    const aotgemm_tensor &vb = call.input("b", b), &vsfb = call.input("sfb", sfb);
    const aotgemm_tensor& vd = call.output("d", d);
    if (needs_mn_major_copy(va, vsfa)) return false;
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_fp8_gemm_nt_skip_head_mid(&va, &vsfa, &vb, &vsfb, &vd, left, mid, right, &launch);
        },
        kernel, threads);
    return true;
}

}  // namespace

void bind_wgrad_calls(nb::module_& module) {
    module.def("fp8_gemm_nt_1d1d", &dense, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(), "c"_a.none(),
               "d"_a.none(), "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_fp8_gemm_nt_1d1d. False, with nothing done, if sfa or sfb must be made MN-major first.");
    module.def("k_grouped_fp8_gemm_nt_contiguous", &k_grouped, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(),
               "c"_a.none(), "d"_a.none(), "ks"_a, "ks_tensor"_a.none(), "kernel"_a = -1, "threads"_a = 0,
               "stream"_a = nb::none(),
               "Runs aotgemm_k_grouped_fp8_gemm_nt_contiguous. False, with nothing done, if sfa or sfb must be made MN-major.");
    module.def("fp8_gemm_nt_skip_head_mid", &skip_head_mid, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(),
               "d"_a.none(), "left"_a, "mid"_a, "right"_a, "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_fp8_gemm_nt_skip_head_mid. False, with nothing done, if sfa must be made MN-major first.");
}

}  // namespace aotgemm::python
