// Conversions of weights: Python tensors in, one C ABI call each.
#include <aotgemm/convert.h>

#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

void fp4_to_fp32(nb::handle packed, nb::handle sf, nb::handle out, std::int32_t gran_k, nb::handle stream, int threads) {
    Call call(stream);
    const aotgemm_tensor &codes = call.input("packed", packed), &scales = call.input("sf", sf);
    const aotgemm_tensor& to = call.output("out", out);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_fp4_to_fp32(&codes, &scales, &to, gran_k, &launch); }, -1,
             threads);
}

void transpose_fp4(nb::handle a, nb::handle out, nb::handle stream, int threads) {
    Call call(stream);
    const aotgemm_tensor& from = call.input("a", a);
    const aotgemm_tensor& to = call.output("out", out);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_transpose_fp4(&from, &to, &launch); }, -1, threads);
}

void fp4_to_fp8(nb::handle weights, nb::handle scales, nb::handle q, nb::handle sf, nb::handle inexact, nb::handle stream,
                int threads) {
    Call call(stream);
    const aotgemm_tensor &from = call.input("weights", weights), &powers = call.input("scales", scales);
    const aotgemm_tensor &codes = call.output("q", q), &of_blocks = call.output("sf", sf);
    const aotgemm_tensor& counts = call.output("inexact", inexact);
    call.run([&](const aotgemm_launch& launch) {
        return aotgemm_fp4_to_fp8(&from, &powers, &codes, &of_blocks, &counts, &launch);
    }, -1, threads);
}

void cast_dims(nb::handle x, nb::handle q, nb::handle sf, bool use_ue8m0, nb::handle stream, int threads) {
    Call call(stream);
    const aotgemm_tensor& from = call.input("x", x);
    const aotgemm_tensor &codes = call.output("q", q), &scales = call.output("sf", sf);
    call.run([&](const aotgemm_launch& launch) {
        return aotgemm_cast_dims(&from, &codes, &scales, use_ue8m0 ? 1 : 0, &launch);
    }, -1, threads);
}

}  // namespace

void bind_convert(nb::module_& module) {
    module.def("fp4_to_fp32", &fp4_to_fp32, "packed"_a.none(), "sf"_a.none(), "out"_a.none(), "gran_k"_a,
               "stream"_a = nb::none(), "threads"_a = 0, "Runs aotgemm_fp4_to_fp32.");
    module.def("transpose_fp4", &transpose_fp4, "a"_a.none(), "out"_a.none(), "stream"_a = nb::none(),
               "threads"_a = 0, "Runs aotgemm_transpose_fp4.");
    module.def("fp4_to_fp8", &fp4_to_fp8, "weights"_a.none(), "scales"_a.none(), "q"_a.none(), "sf"_a.none(),
               "inexact"_a.none(), "stream"_a = nb::none(), "threads"_a = 0, "Runs aotgemm_fp4_to_fp8.");
    module.def("cast_dims", &cast_dims, "x"_a.none(), "q"_a.none(), "sf"_a.none(), "use_ue8m0"_a = false,
               "stream"_a = nb::none(), "threads"_a = 0, "Runs aotgemm_cast_dims.");
}

}  // namespace aotgemm::python
