// tf32_hc_prenorm_gemm: Python tensors in, one C ABI call.
#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

void tf32_hc_prenorm_gemm(nb::handle a, nb::handle b, nb::handle d, nb::handle sqr_sum, int64_t num_splits,
                          nb::handle stream, int threads) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    const aotgemm_tensor& vs = call.output("sqr_sum", sqr_sum);
    const auto function = [&](const aotgemm_launch& launch) {
        return aotgemm_tf32_hc_prenorm_gemm(&va, &vb, &vd, &vs, num_splits, &launch);
    };
    call.run(function, -1, threads);
}

}  // namespace

void bind_hc_prenorm(nb::module_& module) {
    module.def("tf32_hc_prenorm_gemm", &tf32_hc_prenorm_gemm, "a"_a.none(), "b"_a.none(), "d"_a.none(),
               "sqr_sum"_a.none(), "num_splits"_a, "stream"_a = nb::none(), "threads"_a = 0);
}

}  // namespace aotgemm::python
