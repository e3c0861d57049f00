// The indexer's logits: Python tensors in, one C ABI call each.
#include "python/arrays/new_tensor.hpp"
#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"
#include "python/integers.hpp"

namespace aotgemm::python {

using namespace nanobind::literals;

namespace {

void mqa_logits(nb::handle q, nb::handle kv, nb::handle kv_sf, nb::handle weights, nb::handle starts, nb::handle ends,
                nb::handle logits, bool compressed, bool clean_logits, int threads, nb::handle stream, nb::handle q_sf) {
    Call call(stream);
    const aotgemm_tensor& vq = call.input("q", q);
    const aotgemm_tensor* vq_sf = q_sf.is_none() ? nullptr : &call.input("q_sf", q_sf);
    const aotgemm_tensor& vkv = call.input("kv", kv);
    const aotgemm_tensor& vsf = call.input("kv_sf", kv_sf);
    const aotgemm_tensor& vweights = call.input("weights", weights);
    const aotgemm_tensor& vstarts = call.input("cu_seq_len_k_start", starts);
    const aotgemm_tensor& vends = call.input("cu_seq_len_k_end", ends);
    const aotgemm_tensor& vlogits = call.output("logits", logits);
    const auto function = [&](const aotgemm_launch& launch) {
        return aotgemm_fp8_fp4_mqa_logits(&vq, vq_sf, &vkv, &vsf, &vweights, &vstarts, &vends, &vlogits, compressed,
                                          clean_logits, &launch);
    };
    call.run(function, -1, threads);
}

void paged_mqa_logits_metadata(nb::handle context_lens, int block_kv, nb::handle schedule_meta, nb::handle stream) {
    Call call(stream);
    const aotgemm_tensor& lengths = call.input("context_lens", context_lens);
    const aotgemm_tensor& schedule = call.output("schedule_meta", schedule_meta);
    call.run([&](const aotgemm_launch& launch) {
        return aotgemm_paged_mqa_logits_metadata(&lengths, block_kv, &schedule, &launch);
    });
}

void paged_mqa_logits(nb::handle q, nb::handle kv_cache, nb::handle weights, nb::handle context_lens,
                      nb::handle block_table, nb::handle schedule_meta, nb::handle logits, int threads,
                      nb::handle stream, nb::handle q_sf) {
    Call call(stream);
    const aotgemm_tensor& vq = call.input("q", q);
    const aotgemm_tensor* vq_sf = q_sf.is_none() ? nullptr : &call.input("q_sf", q_sf);
    const aotgemm_tensor& cache =
        call.input_or_bytes("kv_cache", kv_cache, vq_sf == nullptr ? AOTGEMM_FP8_E4M3 : AOTGEMM_INT8);
    const aotgemm_tensor& vweights = call.input("weights", weights);
    const aotgemm_tensor& lengths = call.input("context_lens", context_lens);
    const aotgemm_tensor& table = call.input("block_table", block_table);
    const aotgemm_tensor& schedule = call.input("schedule_meta", schedule_meta);
    const aotgemm_tensor& vlogits = call.output("logits", logits);
    const auto function = [&](const aotgemm_launch& launch) {
        return aotgemm_fp8_fp4_paged_mqa_logits(&vq, vq_sf, &cache, &vweights, &lengths, &table, &schedule, &vlogits,
                                                &launch);
    };
    call.run(function, -1, threads);
}

// A matrix for outputs of a call, whose rows are `stride` elements apart.
nb::object new_matrix(const char* name, nb::handle like, nb::handle rows, nb::handle columns, nb::handle stride,
                      const char* dtype) {
    const std::int64_t shape[] = {read_integer(name, rows), read_integer(name, columns)};
    const std::int64_t strides[] = {read_integer(name, stride), 1};
    return new_tensor(name, like, shape, strides, dtype);
}

}  // namespace

void bind_indexer(nb::module_& module) {
    module.def("new_matrix", &new_matrix, "name"_a, "like"_a.none(), "rows"_a, "columns"_a, "stride"_a, "dtype"_a,
               "An uninitialised tensor of the framework and on the device of `like`; `name` is that argument's.");
    module.def("paged_mqa_logits_metadata", &paged_mqa_logits_metadata, "context_lens"_a.none(), "block_kv"_a,
               "schedule_meta"_a.none(), "stream"_a = nb::none());
    module.def("paged_mqa_logits", &paged_mqa_logits, "q"_a.none(), "kv_cache"_a.none(), "weights"_a.none(),
               "context_lens"_a.none(), "block_table"_a.none(), "schedule_meta"_a.none(), "logits"_a.none(),
               "threads"_a = 0, "stream"_a = nb::none(), "q_sf"_a = nb::none());
    module.def("mqa_logits", &mqa_logits, "q"_a.none(), "kv"_a.none(), "kv_sf"_a.none(), "weights"_a.none(),
               "starts"_a.none(), "ends"_a.none(), "logits"_a.none(), "compressed"_a, "clean_logits"_a, "threads"_a = 0,
               "stream"_a = nb::none(), "q_sf"_a = nb::none());
}

}  // namespace aotgemm::python
