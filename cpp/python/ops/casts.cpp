// Casts: one call of aotgemm_cast, into outputs that are given or that it makes.
#include <string>
#include <string_view>
#include <vector>

#include "python/arrays/new_tensor.hpp"
#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t ceil_div(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

// What a cast does beside its tensors.
struct Options {
    const char *kind, *grouping;
    std::int32_t gran_k;
    bool use_ue8m0;
    std::int32_t pad_exponent;
    float limit;
};

const aotgemm_tensor* read_index(Call& tensors, const char* grouping, nb::handle index) {
    const char* name = aotgemm_group_index_name(grouping);
    return tensors.optional_input(name != nullptr ? name : "index", index);
}

void run(Call& tensors, const Options& options, const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf,
         const aotgemm_tensor* index) {
    const aotgemm_cast_call call{.kind = options.kind,
                                 .grouping = options.grouping,
                                 .x = &x,
                                 .q = &q,
                                 .sf = &sf,
                                 .index = index,
                                 .gran_k = options.gran_k,
                                 .use_ue8m0 = options.use_ue8m0 ? 1 : 0,
                                 .pad_exponent = options.pad_exponent,
                                 .limit = options.limit};
    tensors.run([&](const aotgemm_launch& launch) { return aotgemm_cast(&call, &launch); });
}

void cast(const char* kind, nb::handle x, nb::handle q, nb::handle sf, const char* grouping, nb::handle index,
          std::int32_t gran_k, bool use_ue8m0, std::int32_t pad_exponent, float limit, nb::handle stream) {
    Call tensors(stream);
    const aotgemm_tensor& from = tensors.input("x", x);
    const aotgemm_tensor& codes = tensors.output("q", q);
    const aotgemm_tensor& scales = tensors.output("sf", sf);
    run(tensors, {kind, grouping, gran_k, use_ue8m0, pad_exponent, limit}, from, codes, scales,
        read_index(tensors, grouping, index));
}

Sizes row_major(const Sizes& shape) {
    Sizes stride(shape.size());
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0; step *= shape[i]) stride[i] = step;
    return stride;
}

// Columns start at multiples of 16 bytes of 4-byte elements, as the TMA reads them.
Sizes mn_major(const Sizes& shape) {
    const std::size_t row = shape.size() - 2;
    const std::int64_t column = ceil_div(shape[row], 4) * 4;
    Sizes stride{column * shape[row + 1], 1, column};
    return {stride.begin() + (row == 0 ? 1 : 0), stride.end()};
}

Sizes shape_of(const aotgemm_tensor& x, std::int32_t rank) {
    if (x.ndim == rank) return {x.shape, x.shape + rank};
    raise("ShapeError", "x: has " + std::to_string(x.ndim) + " dimensions, allowed is " + std::to_string(rank));
}

// The sizes of sf, before scales are packed.
Sizes scale_shape(std::string_view kind, Sizes values, std::int64_t gran_k) {
    const std::size_t column = values.size() - 1;
    const bool by_block = kind == "per_block_fp8", by_channel = kind == "per_channel_fp8";
    if (by_block || by_channel) values[column - 1] = ceil_div(values[column - 1], gran_k);
    if (!by_channel) values[column] = ceil_div(values[column], gran_k);
    return values;
}

nb::object new_cast(const char* kind, nb::handle x, const char* grouping, nb::handle index, nb::handle granularity,
                    bool use_ue8m0, bool is_packed, bool is_mn_major, float limit) {
    const std::int32_t gran_k = read_int("gran_k", granularity);
    constexpr std::int32_t kOne = 127;  // UE8M0 of 1: what fills row-major words up
    if (gran_k != 32 && gran_k != 128) {
        raise("ShapeError", "gran_k: is " + std::to_string(gran_k) + ", allowed is 32 or 128");
    }
    Call tensors;
    const aotgemm_tensor& from = tensors.input("x", x);
    const std::string_view name = kind;
    Sizes values = shape_of(from, std::string_view(grouping) == "masked" ? 3 : 2);
    if (name == "silu_mul_fp8") values.back() /= 2;
    const bool is_fp4 = name == "per_token_fp4";
    Sizes codes = values, scales = scale_shape(name, values, gran_k);
    if (is_fp4) codes.back() /= 2;
    if (is_packed) scales.back() = ceil_div(scales.back(), 4);
    nb::object q = new_tensor("x", x, codes, row_major(codes), is_fp4 ? "int8" : "float8_e4m3fn");
    nb::object sf = new_tensor("x", x, scales, is_mn_major ? mn_major(scales) : row_major(scales),
                               is_packed ? "int32" : "float32");
    const aotgemm_tensor &to = tensors.output("q", q), &scale_view = tensors.output("sf", sf);
    run(tensors, {kind, grouping, gran_k, use_ue8m0, is_mn_major ? 0 : kOne, limit}, from, to, scale_view,
        read_index(tensors, grouping, index));
    return nb::make_tuple(q, sf);
}

}  // namespace

void bind_casts(nb::module_& module) {
    module.def("cast", &cast, "kind"_a, "x"_a.none(), "q"_a.none(), "sf"_a.none(), "grouping"_a = "dense",
               "index"_a = nb::none(), "gran_k"_a = 128, "use_ue8m0"_a = false, "pad_exponent"_a = 0, "limit"_a = 0.0f,
               "stream"_a = nb::none(), "Runs aotgemm_cast.");
    module.def("new_cast", &new_cast, "kind"_a, "x"_a.none(), "grouping"_a = "dense", "index"_a = nb::none(),
               "gran_k"_a = 128, "use_ue8m0"_a = false, "is_packed"_a = false, "is_mn_major"_a = false, "limit"_a = 0.0f,
               "The same into new tensors of the framework of x: (q, sf).");
}

}  // namespace aotgemm::python
