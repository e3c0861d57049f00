// Kernels of an indexer family, by heads, head_dim and type of the logits.
#pragma once

#include <deque>
#include <string>

#include "dispatch/base/checks.hpp"
#include "dispatch/runtime/cubin_store.hpp"

namespace aotgemm {

class IndexerKernels {
   public:
    explicit IndexerKernels(const char* family) {
        for (int heads = kLeastHeads; heads <= 64; heads *= 2) {
            for (int head_dim = kLeastHeadDim; head_dim <= 128; head_dim *= 2) {
                for (const char* type : {"bf16", "fp32"}) {
                    suffixes_.push_back(text(family, "_h", heads, "d", head_dim, "_", type));
                    kernels_.emplace_back(suffixes_.back().c_str());
                }
            }
        }
    }

    // Index of the cubin. heads: 16, 32 or 64; head_dim: 32, 64 or 128; dtype: BF16 or FP32.
    int cubin_for(const CudaDevice& device, int heads, int head_dim, int32_t dtype) {
        const int by_heads = heads / kLeastHeads / 2, by_dim = head_dim / kLeastHeadDim / 2;  // 1, 2, 4 to 0, 1, 2
        return kernels_[(by_heads * 3 + by_dim) * 2 + (dtype == AOTGEMM_FP32 ? 1 : 0)].cubin_for(device);
    }

   private:
    static constexpr int kLeastHeads = 16, kLeastHeadDim = 32;
    std::deque<std::string> suffixes_;  // a deque: neither they nor the kernels move
    std::deque<Conversion> kernels_;
};

}  // namespace aotgemm
