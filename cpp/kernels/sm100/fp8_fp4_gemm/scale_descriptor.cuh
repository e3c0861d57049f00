// Shared-memory descriptor of scale words.
#pragma once

#include <cstdint>
#include <cute/arch/mma_sm100_desc.hpp>

namespace aotgemm::sm100 {

// 128 words for tcgen05.cp: rows of 16 bytes without a swizzle, eight of them 128 bytes from the next eight.
__host__ __device__ inline uint64_t scale_descriptor(uint32_t shared) {
    cute::UMMA::SmemDescriptor descriptor;
    descriptor.start_address_ = static_cast<uint16_t>(shared >> 4);
    descriptor.stride_byte_offset_ = 128 >> 4;
    descriptor.version_ = 1;  // of sm_100
    return descriptor;
}

}  // namespace aotgemm::sm100
