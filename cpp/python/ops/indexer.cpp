// The indexer's logits: Python tensors in, one C ABI call each.
#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"

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
    const aotgemm_tensor& cache = call.input("kv_cache", kv_cache);
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

}  // namespace

void bind_indexer(nb::module_& module) {
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
