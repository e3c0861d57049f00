#include "python/arrays/tensor_args.hpp"

#include <unordered_map>

#include "python/arrays/device_array.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"
#include "python/arrays/readers.hpp"

namespace aotgemm::python {

namespace {

bool is_numpy_array(nb::handle type) {
    const nb::object numpy = nb::module_::import_("sys").attr("modules").attr("get")("numpy");
    return !numpy.is_none() && PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type.ptr()),
                                                reinterpret_cast<PyTypeObject*>(numpy.attr("ndarray").ptr()));
}

bool has_all(nb::handle type, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (!nb::hasattr(type, name)) return false;
    }
    return true;
}

TypeEntry examine(nb::handle type) {
    if (type.is(nb::type<DeviceArray>())) return {Reader::device_array, nullptr, {}};
    const TypeTraits traits = traits_of(type);
    if (traits.refusal != nullptr) return {Reader::none, nullptr, traits};
    if (const DLPackExchangeAPI* api = find_exchange_api(type)) return {Reader::exchange, api, traits};
    if (is_numpy_array(type)) return {Reader::numpy, nullptr, traits};
    if (has_all(type, {"data_ptr", "shape", "stride", "dtype", "device"})) return {Reader::attributes, nullptr, traits};
    if (has_all(type, {"__dlpack__", "__dlpack_device__"})) return {Reader::capsule, nullptr, traits};
    return {Reader::none, nullptr, traits};
}

}  // namespace

// The types are kept alive, so an address stays theirs; the table itself lives as long as the process.
const TypeEntry& entry_of(nb::handle object) {
    static auto& entries = *new std::unordered_map<PyObject*, TypeEntry>();
    static std::pair<PyObject* const, TypeEntry>* last = nullptr;  // operands of a call are mostly of one type
    const nb::handle type = object.type();
    if (last != nullptr && last->first == type.ptr()) return last->second;
    auto found = entries.find(type.ptr());
    if (found == entries.end()) {
        const TypeEntry entry = examine(type);
        type.inc_ref();
        found = entries.emplace(type.ptr(), entry).first;
    }
    last = &*found;
    return last->second;
}

namespace {

[[noreturn]] void raise_not_a_tensor(const Operand& operand, const char* refusal) {
    const std::string reason = refusal != nullptr ? std::string(", which ") + refusal : "";
    raise("DtypeError", std::string(operand.name) + ": is a " + nb::type_name(operand.object.type()).c_str() + reason +
                            ", allowed is a PyTorch tensor, a NumPy array, an aotgemm.DeviceArray or another object "
                            "with __dlpack__");
}

void read_as(const TypeEntry& entry, Operand& operand, Stream& stream) {
    switch (entry.reader) {
        case Reader::exchange: return read_exchange(operand, *entry.exchange, stream);
        case Reader::device_array: operand.view = nb::cast<DeviceArray&>(operand.object).view(); return;
        case Reader::numpy: return read_numpy(operand);
        case Reader::attributes: return read_attributes(operand, stream);
        case Reader::capsule: return read_dlpack_capsule(operand, stream);
        case Reader::none: raise_not_a_tensor(operand, entry.traits.refusal);
    }
}

// What is raised on the way is ours, or ends in a sentence of ours.
const TypeEntry& read(Operand& operand, Stream& stream) {
    const TypeEntry& entry = entry_of(operand.object);
    try {
        read_as(entry, operand, stream);
        if (entry.traits.is_neg != nullptr) check_torch_tensor(operand, entry.traits);
    } catch (nb::python_error& cause) {
        raise_unreadable(operand, cause);
    } catch (const nb::cast_error&) {
        raise("DtypeError", std::string(operand.name) + ": is a " + nb::type_name(operand.object.type()).c_str() +
                                " whose sizes, strides, address or device are no integers of 64 bits");
    }
    return entry;
}

}  // namespace

Call::Call(nb::handle stream) {
    if (!stream.is_valid() || stream.is_none()) return;
    if (!PyLong_Check(stream.ptr())) {
        raise("DtypeError", std::string("stream: is a ") + nb::type_name(stream.type()).c_str() +
                                ", allowed is None or a CUstream as an int");
    }
    stream_ = {reinterpret_cast<void*>(read_integer("stream", stream, 0)), true};
    is_stream_given_ = true;
}

Operand& Call::add(const char* name, nb::handle object) {
    Operand& operand = operands_[count_++];
    operand.name = name;
    operand.object = object;
    return operand;
}

const aotgemm_tensor& Call::input(const char* name, nb::handle object) {
    Operand& operand = add(name, object);
    read(operand, stream_);
    return operand.view;
}

const aotgemm_tensor& Call::input_or_bytes(const char* name, nb::handle object, aotgemm_dtype dtype) {
    Operand& operand = add(name, object);
    read(operand, stream_);
    if (operand.is_bytes) operand.view.dtype = dtype;
    if (operand.view.dtype == dtype) return operand.view;
    raise("DtypeError", std::string(name) + ": dtype is " + describe_dtype(object) + ", allowed is uint8 or " +
                            (dtype == AOTGEMM_FP8_E4M3 ? "float8_e4m3fn" : "int8"));
}

const aotgemm_tensor& Call::output(const char* name, nb::handle object) {
    Operand& operand = add(name, object);
    if (const char* owner = read(operand, stream_).traits.immutable) {
        raise("LayoutError", std::string(name) + ": is an array of " + owner + ", which never change, must be writable");
    }
    if (operand.read_only) raise("LayoutError", std::string(name) + ": is read-only, must be writable");
    if (operand.is_copy) raise("LayoutError", std::string(name) + ": comes as a copy, must be the memory of the array itself");
    return operand.view;
}

const Operand* Call::first_on_cuda() const {
    for (int i = 0; i < count_; ++i) {
        if (operands_[i].view.device_type != AOTGEMM_CPU) return &operands_[i];
    }
    return nullptr;
}

// A framework orders memory by its own current stream. That of a DeviceArray is freed when all work is done.
bool Call::can_allocate(const Operand& like) const {
    return !is_stream_given_ || entry_of(like.object).reader == Reader::device_array;
}

void Call::raise_status(aotgemm_status status) const {
    std::string message = aotgemm_last_error();
    // The library has one word for all element types it does not know; the object has the exact one.
    for (int i = 0; status == AOTGEMM_ERROR_DTYPE && i < count_; ++i) {
        const Operand& operand = operands_[i];
        if (operand.view.dtype == AOTGEMM_DTYPE_OTHER) {
            message += std::string(" (") + operand.name + " is " + describe_dtype(operand.object) + ")";
        }
    }
    raise(error_type(status), message);
}

aotgemm_tensor read_tensor(const char* name, nb::handle object) {
    Stream stream;
    Operand operand;
    operand.name = name;
    operand.object = object;
    read(operand, stream);
    return operand.view;
}

}  // namespace aotgemm::python
