// The operations: Python tensors in, one C ABI call each.
#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

// Whether A's scales are sound but need the copy that get_mn_major_tma_aligned_tensor makes. The GEMM reads any
// MN-major scales whose columns start at multiples of 16 bytes, whole or a view of a taller tensor.
bool needs_mn_major_copy(const aotgemm_tensor& a, const aotgemm_tensor& sfa) {
    if (sfa.device_type != AOTGEMM_CUDA || sfa.dtype != AOTGEMM_FP32 || sfa.ndim != 2 || a.ndim != 2) return false;
    const std::int64_t rows = sfa.shape[0], columns = sfa.shape[1];
    if (rows != a.shape[0] || rows == 0 || columns == 0) return false;
    const bool rows_adjacent = rows == 1 || sfa.stride[0] == 1;
    const bool columns_aligned = columns == 1 || (sfa.stride[1] % 4 == 0 && sfa.stride[1] >= rows);
    return !(rows_adjacent && columns_aligned && reinterpret_cast<std::uintptr_t>(sfa.data) % 16 == 0);
}

bool fp8_gemm_nt(nb::handle a, nb::handle sfa, nb::handle b, nb::handle sfb, nb::handle d, int kernel, int threads,
                 nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vsfa = call.input("sfa", sfa);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vsfb = call.input("sfb", sfb);
    const aotgemm_tensor& vd = call.output("d", d);
    if (needs_mn_major_copy(va, vsfa)) return false;
    call.run([&](const aotgemm_launch& launch) { return aotgemm_fp8_gemm_nt(&va, &vsfa, &vb, &vsfb, &vd, &launch); },
             kernel, threads);
    return true;
}

bool sf_is_aligned(nb::handle sf) {
    const aotgemm_tensor view = read_tensor("sf", sf);
    return aotgemm_sf_is_aligned(&view) != 0;
}

void sf_to_mn_major(nb::handle sf, nb::handle out, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& from = call.input("sf", sf);
    const aotgemm_tensor& to = call.output("out", out);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_sf_to_mn_major(&from, &to, &launch); });
}

// The two casts differ in the function alone.
template <auto function>
void cast_to_fp8(nb::handle x, nb::handle q, nb::handle sf, bool use_ue8m0, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& vx = call.input("x", x);
    const aotgemm_tensor& vq = call.output("q", q);
    const aotgemm_tensor& vsf = call.output("sf", sf);
    call.run([&](const aotgemm_launch& launch) { return function(&vx, &vq, &vsf, use_ue8m0, &launch); });
}

void emulate_wgmma(nb::handle a, nb::handle b, nb::handle d, int threads) {
    Call call;
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_emulate_wgmma(&va, &vb, &vd, &launch); }, -1, threads);
}

}  // namespace

void bind_calls(nb::module_& module) {
    module.def("fp8_gemm_nt", &fp8_gemm_nt, "a"_a.none(), "sfa"_a.none(), "b"_a.none(), "sfb"_a.none(), "d"_a.none(),
               "kernel"_a = -1, "threads"_a = 0, "stream"_a = nb::none(),
               "Runs aotgemm_fp8_gemm_nt. False, with nothing done, if sfa must be made MN-major first.");
    module.def("sf_is_aligned", &sf_is_aligned, "sf"_a.none());
    module.def("sf_to_mn_major", &sf_to_mn_major, "sf"_a.none(), "out"_a.none(), "stream"_a = nb::none());
    module.def("per_token_cast_to_fp8", &cast_to_fp8<aotgemm_per_token_cast_to_fp8>, "x"_a.none(), "q"_a.none(),
               "sf"_a.none(), "use_ue8m0"_a, "stream"_a = nb::none());
    module.def("per_block_cast_to_fp8", &cast_to_fp8<aotgemm_per_block_cast_to_fp8>, "x"_a.none(), "q"_a.none(),
               "sf"_a.none(), "use_ue8m0"_a, "stream"_a = nb::none());
    module.def("emulate_wgmma", &emulate_wgmma, "a"_a.none(), "b"_a.none(), "d"_a.none(), "threads"_a = 0);
    module.def("set_num_sms", [](int num_sms) { check(aotgemm_set_num_sms(num_sms)); }, "num_sms"_a);
    module.def("get_num_sms", &aotgemm_get_num_sms);
    module.def("set_pdl", [](bool enabled) { aotgemm_set_pdl(enabled); }, "enabled"_a);
    module.def("get_pdl", [] { return aotgemm_get_pdl() != 0; });
}

}  // namespace aotgemm::python
