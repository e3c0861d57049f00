// The C ABI of the indexer's logits.
#include "aotgemm/aotgemm.h"
#include "dispatch/api/launch_options.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/ops/mqa_logits/run.hpp"

using namespace aotgemm;

aotgemm_status aotgemm_fp8_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* kv, const aotgemm_tensor* kv_sf,
                                      const aotgemm_tensor* weights, const aotgemm_tensor* starts,
                                      const aotgemm_tensor* ends, const aotgemm_tensor* logits, int32_t compressed,
                                      int32_t clean_logits, const aotgemm_launch* launch) {
    return guarded([&] {
        run_mqa_logits({required("q", q), required("kv", kv), required("kv_sf", kv_sf), required("weights", weights),
                        required("starts", starts), required("ends", ends), required("logits", logits), compressed != 0,
                        clean_logits != 0},
                       options_of(launch));
    });
}
