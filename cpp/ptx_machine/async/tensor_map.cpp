// The driver's rules for tiled tensor maps (CUDA driver API, cuTensorMapEncodeTiled).
#include "ptx_machine/async/tensor_map.hpp"

#include <iterator>

namespace aotgemm::ptx_machine {

int tensor_map_element_bytes(int type) {
    // CU_TENSOR_MAP_DATA_TYPE_UINT8 to TFLOAT32.
    constexpr int kBytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4};
    return type >= 0 && type < static_cast<int>(std::size(kBytes)) ? kBytes[type] : 0;
}

namespace {

std::string size_problem(const TensorMap& map, const std::uint64_t* sizes) {
    for (int i = 0; i < map.rank; ++i) {
        const std::string dimension = " of dimension " + std::to_string(i);
        if (sizes[i] == 0 || sizes[i] > 0xFFFFFFFF) return "the size" + dimension + " is " + std::to_string(sizes[i]);
        if (map.box[i] == 0 || map.box[i] > 256)
            return "the box" + dimension + " has " + std::to_string(map.box[i]) + " elements";
        if (i == 0) continue;
        const std::uint64_t stride = map.strides[i - 1];
        if (stride % 16 != 0 || stride >= std::uint64_t{1} << 40)
            return "the stride" + dimension + " is " + std::to_string(stride) + " bytes, no multiple of 16 below 2^40";
    }
    return "";
}

}  // namespace

std::string tensor_map_problem(const TensorMap& map, const std::uint64_t* sizes, const std::uint32_t* element_strides) {
    if (map.element_bytes == 0) return "the machine does not know data type " + std::to_string(map.type);
    if (map.rank < 1 || map.rank > 5) return "the rank is " + std::to_string(map.rank);
    if (map.interleave != 0) return "the machine does not know interleaved layouts";
    if (map.swizzle > 3) return "the machine does not know swizzle " + std::to_string(map.swizzle);
    if (map.base % 16 != 0) return "the address is no multiple of 16";
    const std::string problem = size_problem(map, sizes);
    if (!problem.empty()) return problem;
    for (int i = 0; i < map.rank; ++i)
        if (element_strides[i] != 1) return "the machine does not know element strides";
    if (map.row_bytes() % 16 != 0)
        return "a row of the box has " + std::to_string(map.row_bytes()) + " bytes, no multiple of 16";
    if (map.swizzle != 0 && map.row_bytes() > 16u << map.swizzle)
        return "a row of the box has " + std::to_string(map.row_bytes()) + " bytes, more than its swizzle spans";
    return "";
}

}  // namespace aotgemm::ptx_machine
