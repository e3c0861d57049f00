#include "python/arrays/call_memory.hpp"

#include <nanobind/stl/vector.h>

#include <string>
#include <utility>
#include <vector>

#include "python/arrays/device_array.hpp"
#include "python/arrays/readers.hpp"
#include "python/errors.hpp"

namespace aotgemm::python {

namespace {

// What a framework's allocator says of a failure.
void keep_error(void* sentence, const char* kind, const char* message) {
    const std::string all = std::string(kind) + ": " + message;
    *static_cast<std::string*>(sentence) = all.substr(0, all.find('\n'));
}

DLManagedTensorVersioned* allocate_by_dlpack(const DLPackExchangeAPI& api, std::int32_t device, std::size_t bytes) {
    std::int64_t size = static_cast<std::int64_t>(bytes), stride = 1;
    DLTensor wanted{};
    wanted.device = {kDLCUDA, device};
    wanted.ndim = 1;
    wanted.dtype = {kDLUInt, 8, 1};
    wanted.shape = &size;
    wanted.strides = &stride;
    DLManagedTensorVersioned* out = nullptr;
    std::string sentence;
    if (api.managed_tensor_allocator(&wanted, &out, &sentence, &keep_error) == 0 && out != nullptr) return out;
    PyErr_Clear();
    raise("Error", "allocator: gave no memory on CUDA device " + std::to_string(device) + " for " + std::to_string(bytes) +
                       " bytes: " + sentence);
}

// By the framework's own call, for those without an exchange table.
nb::object allocate_by_python(const char* name, nb::handle like, std::size_t bytes) {
    const nb::object shape = nb::cast(std::vector<std::int64_t>{static_cast<std::int64_t>(bytes / sizeof(float))});
    const nb::object stride = nb::cast(std::vector<std::int64_t>{1});
    const nb::object empty = nb::module_::import_("aotgemm.arrays.frameworks").attr("empty_strided");
    return empty(name, like, shape, stride, "float32");
}

}  // namespace

CallMemory::Block CallMemory::make_block(std::int32_t device, std::size_t bytes) const {
    Block block;
    const TypeEntry& entry = entry_of(like_);
    if (entry.exchange != nullptr && entry.exchange->managed_tensor_allocator != nullptr) {
        block.managed = allocate_by_dlpack(*entry.exchange, device, bytes);
        block.data = static_cast<char*>(block.managed->dl_tensor.data) + block.managed->dl_tensor.byte_offset;
    } else if (entry.reader == Reader::device_array) {
        DeviceArray array = DeviceArray::empty(nb::make_tuple(bytes / sizeof(float)), nb::str("float32"), nb::int_(device));
        block.data = array.view().data;
        block.owner = nb::cast(std::move(array));
    } else {
        block.owner = allocate_by_python(name_, like_, bytes);
        block.data = read_tensor(name_, block.owner).data;
    }
    return block;
}

void* CallMemory::allocate(void* context, std::int32_t device, std::size_t bytes) {
    auto& self = *static_cast<CallMemory*>(context);
    try {
        for (Block& block : self.blocks_) {
            if (block.data != nullptr) continue;
            block = self.make_block(device, bytes);
            return block.data;
        }
    } catch (...) {
        self.failure_ = std::current_exception();
    }
    return nullptr;
}

void CallMemory::release(void* context, void* memory) {
    for (Block& block : static_cast<CallMemory*>(context)->blocks_) {
        if (block.data != memory) continue;
        if (block.managed != nullptr && block.managed->deleter != nullptr) block.managed->deleter(block.managed);
        block = {};
        return;
    }
}

}  // namespace aotgemm::python
