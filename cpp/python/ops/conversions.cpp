// Layouts: Python tensors in, one C ABI call each.
#include "python/bindings.hpp"
#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

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

void pack_ue8m0(nb::handle sf, nb::handle out, nb::handle psum_layout, std::int64_t rows_per_scale, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& from = call.input("sf", sf);
    const aotgemm_tensor& to = call.output("out", out);
    const aotgemm_tensor* ends = call.optional_input("psum_layout", psum_layout);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_pack_ue8m0(&from, &to, ends, rows_per_scale, &launch); });
}

void pack_ue8m0_k_grouped(nb::handle sf, nb::handle out, nb::handle grouped_layout, std::int32_t gran_k,
                          std::int32_t k_alignment, bool use_psum, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& from = call.input("sf", sf);
    const aotgemm_tensor& to = call.output("out", out);
    const aotgemm_tensor& index = call.input("grouped_layout", grouped_layout);
    call.run([&](const aotgemm_launch& launch) {
        return aotgemm_pack_ue8m0_k_grouped(&from, &to, &index, gran_k, k_alignment, use_psum, &launch);
    });
}

bool has_adjacent_columns(nb::handle tensor, const char* name) {
    const aotgemm_tensor view = read_tensor(name, tensor);
    const int last = view.ndim - 1;
    return view.ndim == 0 || view.shape[last] <= 1 || view.stride[last] == 1;
}

void emulate_wgmma(nb::handle a, nb::handle b, nb::handle d, int threads) {
    Call call;
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor& vd = call.output("d", d);
    call.run([&](const aotgemm_launch& launch) { return aotgemm_emulate_wgmma(&va, &vb, &vd, &launch); }, -1, threads);
}

void tcgen05_mma(const char* kind, const char* type_a, nb::handle a, nb::handle sfa, const char* type_b, nb::handle b,
                 nb::handle sfb, nb::handle d, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& va = call.input("a", a);
    const aotgemm_tensor* vsfa = call.optional_input("sfa", sfa);
    const aotgemm_tensor& vb = call.input("b", b);
    const aotgemm_tensor* vsfb = call.optional_input("sfb", sfb);
    const aotgemm_tensor& vd = call.output("d", d);
    call.run([&](const aotgemm_launch& launch) {
        return aotgemm_tcgen05_mma(kind, type_a, &va, vsfa, type_b, &vb, vsfb, &vd, &launch);
    });
}

}  // namespace

void bind_conversions(nb::module_& module) {
    module.def("sf_is_aligned", &sf_is_aligned, "sf"_a.none());
    module.def("sf_to_mn_major", &sf_to_mn_major, "sf"_a.none(), "out"_a.none(), "stream"_a = nb::none());
    module.def("pack_ue8m0", &pack_ue8m0, "sf"_a.none(), "out"_a.none(), "psum_layout"_a = nb::none(),
               "rows_per_scale"_a = 1, "stream"_a = nb::none(), "Runs aotgemm_pack_ue8m0.");
    module.def("pack_ue8m0_k_grouped", &pack_ue8m0_k_grouped, "sf"_a.none(), "out"_a.none(), "grouped_layout"_a.none(),
               "gran_k"_a, "k_alignment"_a, "use_psum"_a, "stream"_a = nb::none(), "Runs aotgemm_pack_ue8m0_k_grouped.");
    module.def("has_adjacent_columns", &has_adjacent_columns, "tensor"_a.none(), "name"_a,
               "Whether elements along the last dimension are adjacent.");
    module.def("emulate_wgmma", &emulate_wgmma, "a"_a.none(), "b"_a.none(), "d"_a.none(), "threads"_a = 0);
    module.def("tcgen05_mma", &tcgen05_mma, "kind"_a, "type_a"_a, "a"_a.none(), "sfa"_a.none(), "type_b"_a, "b"_a.none(),
               "sfb"_a.none(), "d"_a.none(), "stream"_a = nb::none(), "Runs aotgemm_tcgen05_mma.");
}

}  // namespace aotgemm::python
