// Shared-memory descriptors of swizzled matrices (PTX ISA, "tcgen05 shared memory descriptor").
#pragma once

#include <cstdint>
#include <cute/arch/mma_sm100_desc.hpp>

namespace aotgemm::sm100 {

constexpr int kSwizzleAtomBytes = 1024;  // eight rows of 128 bytes

// The leading offset of a K-major matrix, which no instruction reads, as CuTe has it.
constexpr uint32_t kNoBoxBytes = 16;

// A matrix that starts at `shared`, the start of a swizzle atom, in rows of `width` bytes and the swizzle of that width.
// Atoms of 8 rows follow one another; box_bytes leads from `width` bytes of M (or N) to the next ones where it is MN-major,
// and is kNoBoxBytes where it is K-major.
__host__ __device__ inline uint64_t swizzled_descriptor(uint32_t shared, uint32_t box_bytes, int width = 128) {
    using cute::UMMA::LayoutType;
    cute::UMMA::SmemDescriptor descriptor;
    descriptor.start_address_ = static_cast<uint16_t>(shared >> 4);
    descriptor.leading_byte_offset_ = static_cast<uint16_t>(box_bytes >> 4);
    descriptor.stride_byte_offset_ = static_cast<uint16_t>(8 * width >> 4);
    descriptor.version_ = 1;  // of sm_100
    descriptor.layout_type_ = static_cast<uint8_t>(width == 128  ? LayoutType::SWIZZLE_128B
                                                   : width == 64 ? LayoutType::SWIZZLE_64B
                                                                 : LayoutType::SWIZZLE_32B);
    return descriptor;
}

}  // namespace aotgemm::sm100
