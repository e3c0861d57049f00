// DLPack, both ways: the C exchange table of a type, and the capsule an object's __dlpack__ returns.
#include <cstring>

#include "dispatch/base/checked.hpp"
#include "python/errors.hpp"
#include "python/arrays/readers.hpp"

namespace aotgemm::python {

namespace {

aotgemm_dtype dtype_of(const DLDataType& type) {
    if (type.lanes != 1) return AOTGEMM_DTYPE_OTHER;
    if (type.code == kDLFloat8_e4m3fn && type.bits == 8) return AOTGEMM_FP8_E4M3;
    if (type.code == kDLBfloat && type.bits == 16) return AOTGEMM_BF16;
    if (type.code == kDLFloat && type.bits == 32) return AOTGEMM_FP32;
    if (type.code == kDLInt && type.bits == 32) return AOTGEMM_INT32;
    if (type.code == kDLInt && type.bits == 8) return AOTGEMM_INT8;
    return AOTGEMM_DTYPE_OTHER;
}

aotgemm_device_type device_of(const Operand& operand, DLDeviceType type) {
    if (type == kDLCPU || type == kDLCUDAHost) return AOTGEMM_CPU;
    if (type == kDLCUDA || type == kDLCUDAManaged) return AOTGEMM_CUDA;
    raise("DeviceError", std::string(operand.name) + ": is on a device of DLPack type " + std::to_string(type) +
                             ", allowed is the CPU or a CUDA device");
}

void set_view(Operand& operand, const DLTensor& tensor) {
    set_ndim(operand, tensor.ndim);
    aotgemm_tensor& view = operand.view;
    view.data = tensor.data != nullptr ? static_cast<char*>(tensor.data) + tensor.byte_offset : nullptr;
    view.device_type = device_of(operand, tensor.device.device_type);
    view.device_id = tensor.device.device_id;
    view.dtype = dtype_of(tensor.dtype);
    operand.is_bytes = tensor.dtype.code == kDLUInt && tensor.dtype.bits == 8 && tensor.dtype.lanes == 1;
    std::int64_t contiguous = 1;
    for (int i = tensor.ndim - 1; i >= 0; --i) {
        view.shape[i] = tensor.shape[i];
        view.stride[i] = tensor.strides ? tensor.strides[i] : contiguous;
        if (!tensor.strides) contiguous = checked_product({contiguous, tensor.shape[i]}).value_or(0);
    }
}

// CuPy's current stream; other frameworks without an exchange table order their work against the default stream.
void* current_stream_of(nb::handle object) {
    const nb::object cupy = nb::module_::import_("sys").attr("modules").attr("get")("cupy");
    if (cupy.is_none() || !nb::isinstance(object, cupy.attr("ndarray"))) return nullptr;
    return PyLong_AsVoidPtr(nb::object(cupy.attr("cuda").attr("get_current_stream")().attr("ptr")).ptr());
}

// `stream` as __dlpack__ counts it: 1 is the legacy default stream, and 0 is not allowed.
nb::object dlpack_stream(const Stream& stream) {
    return nb::int_(stream.value ? reinterpret_cast<std::uintptr_t>(stream.value) : std::uintptr_t{1});
}

// Producers older than version 1 do not know max_version and answer with a TypeError.
nb::object make_capsule(nb::handle object, const nb::dict& arguments) {
    nb::dict versioned;
    versioned.update(arguments);
    versioned["max_version"] = nb::make_tuple(1, 0);
    const nb::object method = object.attr("__dlpack__");
    try {
        return method(**versioned);
    } catch (nb::python_error& error) {
        if (!error.matches(PyExc_TypeError)) throw;
    }
    return method(**arguments);
}

const DLTensor& open_capsule(Operand& operand) {
    PyObject* capsule = operand.owner.ptr();
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        void* pointer = PyCapsule_GetPointer(capsule, "dltensor_versioned");
        const auto* managed = static_cast<const DLManagedTensorVersioned*>(pointer);
        operand.read_only = managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY;
        operand.is_copy = managed->flags & DLPACK_FLAG_BITMASK_IS_COPIED;
        return managed->dl_tensor;
    }
    void* pointer = PyCapsule_GetPointer(capsule, "dltensor");
    if (!pointer) throw nb::python_error();
    return static_cast<const DLManagedTensor*>(pointer)->dl_tensor;
}

std::string words_of(nb::python_error& error) {
    const nb::object text = nb::steal(PyObject_Str(error.value().ptr()));
    PyErr_Clear();
    return text.is_valid() ? nb::str(text).c_str() : "";
}

}  // namespace

void raise_unreadable(const Operand& operand, nb::python_error& cause) {
    if (cause.matches(nb::module_::import_("aotgemm.errors").attr("Error")) || !cause.matches(PyExc_Exception)) throw;
    const std::string words = words_of(cause);
    const std::size_t line = words.find('\n');
    const std::string message = std::string(operand.name) + ": is a " + nb::type_name(operand.object.type()).c_str() +
                                " that cannot be read as a tensor: " + words.substr(0, line);
    if (line == std::string::npos) raise_from(cause, "DtypeError", message);
    raise("DtypeError", message);  // behind the line some frameworks show where in their C++ it was raised
}

const DLPackExchangeAPI* find_exchange_api(nb::handle type) {
    const nb::object capsule = nb::getattr(type, "__dlpack_c_exchange_api__", nb::none());
    if (!PyCapsule_IsValid(capsule.ptr(), "dlpack_exchange_api")) return nullptr;
    void* pointer = PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api");
    const auto* header = static_cast<const DLPackExchangeAPIHeader*>(pointer);
    while (header && header->version.major != DLPACK_MAJOR_VERSION) header = header->prev_api;
    const auto* api = reinterpret_cast<const DLPackExchangeAPI*>(header);  // its header is its first member
    return api && api->dltensor_from_py_object_no_sync ? api : nullptr;
}

void read_exchange(Operand& operand, const DLPackExchangeAPI& api, Stream& stream) {
    DLTensor tensor;
    if (api.dltensor_from_py_object_no_sync(operand.object.ptr(), &tensor) != 0) throw nb::python_error();
    set_view(operand, tensor);
    if (operand.view.device_type == AOTGEMM_CPU || stream.known) return;
    if (api.current_work_stream(tensor.device.device_type, tensor.device.device_id, &stream.value) != 0) throw nb::python_error();
    stream.known = true;
}

void read_dlpack_capsule(Operand& operand, Stream& stream) {
    const nb::object device = operand.object.attr("__dlpack_device__")();
    nb::dict arguments;
    if (device_of(operand, static_cast<DLDeviceType>(nb::cast<int>(device[0]))) == AOTGEMM_CUDA) {
        if (!stream.known) stream = {current_stream_of(operand.object), true};
        arguments["stream"] = dlpack_stream(stream);
    }
    operand.owner = make_capsule(operand.object, arguments);
    set_view(operand, open_capsule(operand));
}

}  // namespace aotgemm::python
