// What cuTensorMapEncodeTiled is told, kept as it is in the 128 bytes of a CUtensorMap.
#pragma once

#include <cstdint>
#include <string>

namespace aotgemm::ptx_machine {

struct TensorMap {
    static constexpr std::uint64_t kMagic = 0x70616D5F78747061;
    std::uint64_t magic = kMagic;
    std::uint64_t base = 0;
    std::uint32_t sizes[5] = {};  // elements; the innermost dimension first
    std::uint16_t box[5] = {};
    std::uint8_t rank = 0, element_bits = 0;
    std::uint64_t strides[4] = {};  // bytes, from the second dimension on
    std::uint8_t swizzle = 0;       // CUtensorMapSwizzle: 0 none, 1 32B, 2 64B, 3 128B, 4 128B in pieces of 32
    std::uint8_t type = 0;          // CUtensorMapDataType
    std::uint8_t interleave = 0, fill = 0;

    // CU_TENSOR_MAP_DATA_TYPE_TFLOAT32: what is loaded is rounded.
    bool rounds_to_tf32() const { return type == 11; }
    bool is_integer32() const { return type == 2 || type == 3; }
    bool is_float32() const { return type == 7; }
    bool is_bfloat16() const { return type == 9; }
    // CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B: in shared memory a gap of 8 bytes follows each 8 bytes of 16 elements.
    bool has_gaps() const { return type == 14; }
    std::uint64_t global_bytes(std::uint64_t elements) const { return elements * element_bits / 8; }
    std::uint32_t rows() const {
        std::uint32_t count = 1;
        for (int i = 1; i < rank; ++i) count *= box[i];
        return count;
    }
    // In shared memory.
    std::uint32_t row_bytes() const { return static_cast<std::uint32_t>(box[0]) * element_bits / (has_gaps() ? 4 : 8); }
    std::uint32_t box_bytes() const { return rows() * row_bytes(); }
    // What a load counts at its mbarrier: gaps are no bytes that come.
    std::uint32_t loaded_bytes() const { return has_gaps() ? box_bytes() / 2 : box_bytes(); }
    // Boxes start at multiples of so many elements of a row.
    std::int32_t start_alignment() const { return has_gaps() ? 128 : 128 / element_bits; }
    std::uint32_t box_alignment() const {
        constexpr std::uint32_t kAlignments[] = {128, 256, 512, 1024, 512};
        return kAlignments[swizzle];
    }
};
static_assert(sizeof(TensorMap) <= 128);

// Bits of an element of a CUtensorMapDataType; 0: a type the machine does not know.
int tensor_map_element_bits(int type);

// "" if the driver would take these parameters, else which rule they break.
std::string tensor_map_problem(const TensorMap& map, const std::uint64_t* sizes, const std::uint32_t* element_strides);

// Where a byte lies: the swizzle permutes pieces of 16 bytes, or of 32, by bits of the address.
inline std::uint32_t swizzled(std::uint32_t address, int swizzle) {
    if (swizzle == 4) return address ^ ((address >> 7 & 3) << 5);
    const std::uint32_t mask = (1u << swizzle) - 1;  // 1, 2 or 3 bits
    return address ^ ((address >> 7 & mask) << 4);
}

}  // namespace aotgemm::ptx_machine
