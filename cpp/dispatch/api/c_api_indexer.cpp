// The C ABI of the indexer's logits.
#include "aotgemm/aotgemm.h"
#include "dispatch/api/launch_options.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/ops/mqa_logits/paged.hpp"
#include "dispatch/ops/mqa_logits/run.hpp"
#include "dispatch/ops/mqa_logits/schedule.hpp"

using namespace aotgemm;

aotgemm_status aotgemm_fp8_fp4_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* q_sf, const aotgemm_tensor* kv,
                                          const aotgemm_tensor* kv_sf, const aotgemm_tensor* weights,
                                          const aotgemm_tensor* starts, const aotgemm_tensor* ends,
                                          const aotgemm_tensor* logits, int32_t compressed, int32_t clean_logits,
                                          const aotgemm_launch* launch) {
    return guarded([&] {
        run_mqa_logits({required("q", q), q_sf, required("kv", kv), required("kv_sf", kv_sf), required("weights", weights),
                        required("starts", starts), required("ends", ends), required("logits", logits), compressed != 0,
                        clean_logits != 0},
                       options_of(launch));
    });
}

aotgemm_status aotgemm_fp8_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* kv, const aotgemm_tensor* kv_sf,
                                      const aotgemm_tensor* weights, const aotgemm_tensor* starts,
                                      const aotgemm_tensor* ends, const aotgemm_tensor* logits, int32_t compressed,
                                      int32_t clean_logits, const aotgemm_launch* launch) {
    return aotgemm_fp8_fp4_mqa_logits(q, nullptr, kv, kv_sf, weights, starts, ends, logits, compressed, clean_logits,
                                      launch);
}

aotgemm_status aotgemm_paged_mqa_logits_metadata(const aotgemm_tensor* context_lens, int32_t block_kv,
                                                 const aotgemm_tensor* schedule_meta, const aotgemm_launch* launch) {
    return guarded([&] {
        paged_mqa_schedule(required("context_lens", context_lens), block_kv, required("schedule_meta", schedule_meta),
                           options_of(launch));
    });
}

aotgemm_status aotgemm_fp8_fp4_paged_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* q_sf,
                                                const aotgemm_tensor* kv_cache, const aotgemm_tensor* weights,
                                                const aotgemm_tensor* context_lens, const aotgemm_tensor* block_table,
                                                const aotgemm_tensor* schedule_meta, const aotgemm_tensor* logits,
                                                const aotgemm_launch* launch) {
    return guarded([&] {
        run_paged_mqa_logits(
            {required("q", q), q_sf, required("kv_cache", kv_cache), required("weights", weights),
             required("context_lens", context_lens), required("block_table", block_table),
             required("schedule_meta", schedule_meta), required("logits", logits)},
            options_of(launch));
    });
}

aotgemm_status aotgemm_fp8_paged_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* kv_cache,
                                            const aotgemm_tensor* weights, const aotgemm_tensor* context_lens,
                                            const aotgemm_tensor* block_table, const aotgemm_tensor* schedule_meta,
                                            const aotgemm_tensor* logits, const aotgemm_launch* launch) {
    return aotgemm_fp8_fp4_paged_mqa_logits(q, nullptr, kv_cache, weights, context_lens, block_table, schedule_meta,
                                            logits, launch);
}
