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
    std::uint8_t rank = 0, element_bytes = 0;
    std::uint64_t strides[4] = {};  // bytes, from the second dimension on
    std::uint8_t swizzle = 0;       // CU_TENSOR_MAP_SWIZZLE: 0 none, 1 32B, 2 64B, 3 128B
    std::uint8_t type = 0;          // CUtensorMapDataType
    std::uint8_t interleave = 0, fill = 0;

    // CU_TENSOR_MAP_DATA_TYPE_TFLOAT32: what is loaded is rounded.
    bool rounds_to_tf32() const { return type == 11; }
    std::uint32_t row_bytes() const { return static_cast<std::uint32_t>(box[0]) * element_bytes; }
    std::uint32_t box_bytes() const {
        std::uint32_t bytes = element_bytes;
        for (int i = 0; i < rank; ++i) bytes *= box[i];
        return bytes;
    }
    std::uint32_t box_alignment() const { return swizzle == 0 ? 128 : 128u << swizzle; }
};
static_assert(sizeof(TensorMap) <= 128);

// Bytes of an element of a CUtensorMapDataType; 0: a type the machine does not know.
int tensor_map_element_bytes(int type);

// "" if the driver would take these parameters, else which rule they break.
std::string tensor_map_problem(const TensorMap& map, const std::uint64_t* sizes, const std::uint32_t* element_strides);

// Where byte `offset` of a box lies: the swizzle permutes 16-byte pieces by bits of the address.
inline std::uint32_t swizzled(std::uint32_t address, int swizzle) {
    const std::uint32_t mask = (1u << swizzle) - 1;  // 1, 2 or 3 bits
    return address ^ ((address >> 7 & mask) << 4);
}

}  // namespace aotgemm::ptx_machine
