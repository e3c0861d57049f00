// Kernels of an indexer family by what is fixed at compile time.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "dispatch/base/checks.hpp"
#include "dispatch/runtime/cubin_store.hpp"

namespace aotgemm {

struct IndexerKernel {
    int32_t heads, head_dim;
    bool is_double;  // whether it multiplies twice as many rows of q at a time as the family's other kernel
    int32_t dtype;   // of the logits

    std::string suffix(const char* family) const {
        return text(family, "_h", heads, "d", head_dim, is_double ? "x2_" : "_", dtype == AOTGEMM_FP32 ? "fp32" : "bf16");
    }
    auto operator<=>(const IndexerKernel&) const = default;
};

class IndexerKernels {
   public:
    explicit IndexerKernels(const char* family) : family_(family) {}

    // Index of the cubin. Fails with AOTGEMM_ERROR_DEVICE if the library holds none for the device.
    int cubin_for(const CudaDevice& device, const IndexerKernel& kernel) {
        const std::lock_guard lock(mutex_);
        const auto entry = kernels_.try_emplace(kernel, nullptr).first;
        if (entry->second == nullptr) {
            suffixes_.push_back(kernel.suffix(family_));
            entry->second = &conversions_.emplace_back(suffixes_.back().c_str());
        }
        return entry->second->cubin_for(device);
    }

   private:
    const char* family_;
    std::mutex mutex_;
    std::deque<std::string> suffixes_;  // a deque: neither they nor the kernels move
    std::deque<Conversion> conversions_;
    std::map<IndexerKernel, Conversion*> kernels_;
};

}  // namespace aotgemm
