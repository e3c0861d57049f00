// The driver's rules for tiled tensor maps (CUDA driver API, cuTensorMapEncodeTiled).
#include "ptx_machine/async/tensor_map.hpp"

#include <algorithm>
#include <iterator>

namespace aotgemm::ptx_machine {

int tensor_map_element_bits(int type) {
    // CU_TENSOR_MAP_DATA_TYPE_UINT8 to 16U4_ALIGN16B; TFLOAT32_FTZ is not known.
    constexpr int kBits[] = {8, 16, 32, 32, 64, 64, 16, 32, 64, 16, 32, 32, 0, 4, 4};
    return type >= 0 && type < static_cast<int>(std::size(kBits)) ? kBits[type] : 0;
}

namespace {

// Of the address and of strides, in bytes.
std::uint64_t alignment(const TensorMap& map) { return map.has_gaps() ? 32 : 16; }

// What holds of packed 4-bit elements alone.
std::string packed_problem(const TensorMap& map, const std::uint64_t* sizes) {
    if (map.element_bits != 4) return "";
    const std::string first = "the size of dimension 0 is " + std::to_string(sizes[0]);
    if (!map.has_gaps()) return sizes[0] % 2 == 0 ? "" : first + ", which is odd";
    if (sizes[0] % 128 != 0) return first + ", no multiple of 128";
    if (map.box[0] != 128) return "the box of dimension 0 has " + std::to_string(map.box[0]) + " elements, not 128";
    if (map.swizzle != 0 && map.swizzle != 3 && map.swizzle != 4)
        return "swizzle " + std::to_string(map.swizzle) + " does not go with gaps";
    return map.fill == 0 ? "" : "4-bit elements cannot be filled with NaN";
}

std::string size_problem(const TensorMap& map, const std::uint64_t* sizes) {
    for (int i = 0; i < map.rank; ++i) {
        const std::string dimension = " of dimension " + std::to_string(i);
        if (sizes[i] == 0 || sizes[i] > 0xFFFFFFFF) return "the size" + dimension + " is " + std::to_string(sizes[i]);
        if (map.box[i] == 0 || map.box[i] > 256)
            return "the box" + dimension + " has " + std::to_string(map.box[i]) + " elements";
        if (i == 0) continue;
        const std::uint64_t stride = map.strides[i - 1];
        if (stride % alignment(map) != 0 || stride >= std::uint64_t{1} << 40)
            return "the stride" + dimension + " is " + std::to_string(stride) + " bytes, no multiple of " +
                   std::to_string(alignment(map)) + " below 2^40";
    }
    return "";
}

}  // namespace

std::string tensor_map_problem(const TensorMap& map, const std::uint64_t* sizes, const std::uint32_t* element_strides) {
    if (map.element_bits == 0) return "the machine does not know data type " + std::to_string(map.type);
    if (map.rank < 1 || map.rank > 5) return "the rank is " + std::to_string(map.rank);
    if (map.interleave != 0) return "the machine does not know interleaved layouts";
    if (map.swizzle > 4) return "the machine does not know swizzle " + std::to_string(map.swizzle);
    if (map.base % alignment(map) != 0) return "the address is no multiple of " + std::to_string(alignment(map));
    std::string problem = size_problem(map, sizes);
    if (problem.empty()) problem = packed_problem(map, sizes);
    if (!problem.empty()) return problem;
    for (int i = 0; i < map.rank; ++i)
        if (element_strides[i] != 1) return "the machine does not know element strides";
    if (map.row_bytes() % 16 != 0)
        return "a row of the box has " + std::to_string(map.row_bytes()) + " bytes, no multiple of 16";
    if (map.swizzle != 0 && map.row_bytes() > 16u << std::min<int>(map.swizzle, 3))
        return "a row of the box has " + std::to_string(map.row_bytes()) + " bytes, more than its swizzle spans";
    return "";
}

}  // namespace aotgemm::ptx_machine
