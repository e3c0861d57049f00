#include "dispatch/runtime/tensor_map.hpp"

#include <memory>

#include "dispatch/runtime/driver.hpp"

namespace aotgemm {
namespace {

struct Entry {
    TensorMapKey key{};
    CUtensorMap map;
};

// Direct-mapped: a serving loop touches a few hundred tensors, and a miss costs about a microsecond.
constexpr std::size_t kEntries = 1024;

std::size_t slot_of(const TensorMapKey& key) {
    const auto mix = [](uint64_t hash, uint64_t value) { return (hash ^ value) * 0x9E3779B97F4A7C15u; };
    uint64_t hash = mix(0, reinterpret_cast<uintptr_t>(key.data));
    hash = mix(hash, static_cast<uint64_t>(key.columns));
    hash = mix(hash, static_cast<uint64_t>(key.rows));
    hash = mix(hash, static_cast<uint64_t>(key.row_bytes));
    hash = mix(hash, static_cast<uint64_t>(key.groups));
    hash = mix(hash, static_cast<uint64_t>(key.box_columns) << 32 | static_cast<uint32_t>(key.box_rows));
    return (hash >> 40) % kEntries;
}

// Into its place: the driver wants it at a multiple of 64 bytes, and GCC 12 puts a map that is returned anywhere.
void encode(const TensorMapKey& key, CUtensorMap& map) {
    const cuuint64_t sizes[] = {static_cast<cuuint64_t>(key.columns), static_cast<cuuint64_t>(key.rows),
                                static_cast<cuuint64_t>(key.groups)};
    const cuuint64_t strides[] = {static_cast<cuuint64_t>(key.row_bytes), static_cast<cuuint64_t>(key.group_bytes)};
    const cuuint32_t box[] = {static_cast<cuuint32_t>(key.box_columns), static_cast<cuuint32_t>(key.box_rows), 1};
    const cuuint32_t steps[] = {1, 1, 1};
    const cuuint32_t dimensions = key.groups > 0 ? 3 : 2;
    const CUresult result = driver().cuTensorMapEncodeTiled(
        &map, key.type, dimensions, const_cast<void*>(key.data), sizes, strides, box, steps,
        CU_TENSOR_MAP_INTERLEAVE_NONE, key.swizzle, key.promotion, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (result != CUDA_SUCCESS) {
        check_cuda(result, "cuTensorMapEncodeTiled",
                   text("for ", key.groups > 0 ? text(key.groups, " groups of ") : "", key.rows, " rows of ", key.columns,
                        " elements, ", key.row_bytes, " bytes apart, in boxes of ", key.box_rows, "x", key.box_columns));
    }
}

}  // namespace

const CUtensorMap& tensor_map(const TensorMapKey& key) {
    thread_local const std::unique_ptr<Entry[]> entries(new Entry[kEntries]);
    Entry& entry = entries[slot_of(key)];
    if (!(entry.key == key)) {
        entry.key = {};  // of nothing, should this fail
        encode(key, entry.map);
        entry.key = key;
    }
    return entry.map;
}

}  // namespace aotgemm
