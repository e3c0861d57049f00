// The calls of family bf16_gemm: Python tensors in, one C ABI call each.
#include <nanobind/stl/vector.h>

#include <vector>

#include "python/bindings.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

void bf16_gemm(const char* layout, nb::handle a, nb::handle b, nb::handle c, nb::handle d, int kernel, int threads,
               nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor* vc = c.is_none() ? nullptr : &call.input("c", c);
    const aotgemm_tensor& vd = call.output("d", d);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_bf16_gemm(layout, &va, &vb, vc, &vd, &launch); }, kernel,
             threads);
}

void contiguous(const char* layout, nb::handle a, nb::handle b, nb::handle d, nb::handle grouped_layout, bool use_psum,
                std::int64_t expected_m, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor& index = call.input("grouped_layout", grouped_layout);
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_m_grouped_bf16_gemm_contiguous(layout, &va, &vb, &vd, &index, use_psum, expected_m, &launch);
        },
        kernel, threads);
}

void masked(nb::handle a, nb::handle b, nb::handle d, nb::handle masked_m, std::int64_t expected_m, int kernel,
            int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor& index = call.input("masked_m", masked_m);
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_m_grouped_bf16_gemm_nt_masked(&va, &vb, &vd, &index, expected_m, &launch);
        },
        kernel, threads);
}

void batched(const char* layout, nb::handle a, nb::handle b, nb::handle d, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_bf16_bmm(layout, &va, &vb, &vd, &launch); }, kernel,
             threads);
}

void k_grouped(nb::handle a, nb::handle b, nb::handle c, nb::handle d, const std::vector<std::int64_t>& ks,
               nb::handle ks_tensor, int kernel, int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor* vc = c.is_none() ? nullptr : &call.input("c", c);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor& index = call.input("ks_tensor", ks_tensor);
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_k_grouped_bf16_gemm_tn_contiguous(&va, &vb, vc, &vd, ks.data(),
                                                             static_cast<std::int32_t>(ks.size()), &index, &launch);
        },
        kernel, threads);
}

// The matrices that the workspace must have, with nothing done, where a GPU needs one and there is none; 0 after the call.
std::int64_t batch_reduced(nb::handle a, nb::handle b, nb::handle c, nb::handle d, nb::handle workspace, int kernel,
                           int threads, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor* vc = c.is_none() ? nullptr : &call.input("c", c);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor* vw = workspace.is_none() ? nullptr : &call.output("workspace", workspace);
    if (vw == nullptr && vd.device_type == AOTGEMM_CUDA && va.ndim == 3 && vd.ndim == 2) {
        const std::int64_t ranges = aotgemm_batch_ranges(va.shape[0], vd.shape[0], vd.shape[1]);
        if (ranges > 1 || vd.dtype != AOTGEMM_FP32) return ranges;
    }
    call.run(
        [&](const aotgemm_launch& launch) {
            return aotgemm_bf16_gemm_nt_batch_reduced(&va, &vb, vc, &vd, vw, &launch);
        },
        kernel, threads);
    return 0;
}

}  // namespace

void bind_bf16_calls(nb::module_& module) {
    module.def("bf16_gemm", &bf16_gemm, "layout"_a, "a"_a.none(), "b"_a.none(), "c"_a.none(), "d"_a.none(),
               "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(), "Runs aotgemm_bf16_gemm; c may be None.");
    module.def("m_grouped_bf16_gemm_contiguous", &contiguous, "layout"_a, "a"_a.none(), "b"_a.none(), "d"_a.none(),
               "grouped_layout"_a.none(), "use_psum"_a = false, "expected_m"_a = 0, "kernel"_a = -1, "threads"_a = 0,
               "stream"_a = nb::none());
    module.def("m_grouped_bf16_gemm_nt_masked", &masked, "a"_a.none(), "b"_a.none(), "d"_a.none(), "masked_m"_a.none(),
               "expected_m"_a = 0, "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none());
    module.def("bf16_bmm", &batched, "layout"_a, "a"_a.none(), "b"_a.none(), "d"_a.none(), "kernel"_a = -1,
               "threads"_a = 0, "stream"_a = nb::none());
    module.def("k_grouped_bf16_gemm_tn_contiguous", &k_grouped, "a"_a.none(), "b"_a.none(), "c"_a.none(),
               "d"_a.none(), "ks"_a, "ks_tensor"_a.none(), "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none());
    module.def("bf16_gemm_nt_batch_reduced", &batch_reduced, "a"_a.none(), "b"_a.none(), "c"_a.none(), "d"_a.none(),
               "workspace"_a = nb::none(), "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_bf16_gemm_nt_batch_reduced and returns 0. Otherwise, with nothing done, how many FP32 "
               "matrices [M, N] the workspace must have.");
    module.def("batch_ranges", &aotgemm_batch_ranges, "batches"_a, "m"_a, "n"_a);
}

}  // namespace aotgemm::python
