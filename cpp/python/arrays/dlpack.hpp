// The part of DLPack's C ABI (version 1) that this module reads: https://dmlc.github.io/dlpack/latest/c_api.html
#pragma once

#include <cstdint>

namespace aotgemm::dlpack {

enum DeviceType : std::int32_t { kCpu = 1, kCuda = 2, kCudaHost = 3, kCudaManaged = 13 };

enum TypeCode : std::uint8_t { kInt = 0, kFloat = 2, kBfloat = 4, kFloat8E4m3fn = 10 };

struct Version {
    std::uint32_t major, minor;
};

struct Device {
    DeviceType type;
    std::int32_t id;
};

struct DataType {
    std::uint8_t code, bits;
    std::uint16_t lanes;
};

struct Tensor {
    void* data;
    Device device;
    std::int32_t ndim;
    DataType dtype;
    std::int64_t* shape;
    std::int64_t* strides;  // in elements; before version 1.2 null means contiguous
    std::uint64_t byte_offset;
};

// What a capsule named "dltensor" holds. The capsule keeps ownership here, so the deleter is never called by us.
struct ManagedTensor {
    Tensor tensor;
    void* manager;
    void (*deleter)(ManagedTensor*);
};

// What a capsule named "dltensor_versioned" holds.
struct VersionedTensor {
    Version version;
    void* manager;
    void (*deleter)(VersionedTensor*);
    std::uint64_t flags;
    Tensor tensor;
};
inline constexpr std::uint64_t kReadOnly = 1;

// The table behind `type(array).__dlpack_c_exchange_api__`, a capsule named "dlpack_exchange_api". Its functions
// return 0, or -1 with a Python exception set.
struct ExchangeApi {
    Version version;
    ExchangeApi* previous;  // the same table for an older major version, or null
    int (*allocate)(Tensor*, VersionedTensor**, void*, void (*)(void*, const char*, const char*));
    int (*export_managed)(void* object, VersionedTensor** out);
    int (*import_managed)(VersionedTensor* tensor, void** out);
    int (*export_borrowed)(void* object, Tensor* out);  // may be null
    int (*current_stream)(DeviceType type, std::int32_t id, void** out);
};

}  // namespace aotgemm::dlpack
