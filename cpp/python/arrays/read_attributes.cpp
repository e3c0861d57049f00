// Tensors read through Python attributes: NumPy arrays, and PyTorch before 2.10.
#include <unordered_map>

#include "python/errors.hpp"
#include "python/arrays/readers.hpp"

namespace aotgemm::python {

namespace {

// Element types are singletons in both frameworks (torch.dtype objects, NumPy scalar types), so their names are
// read once. They are kept alive by the table, which lives as long as the process.
aotgemm_dtype dtype_of(nb::handle type) {
    static auto& known = *new std::unordered_map<PyObject*, aotgemm_dtype>();
    if (const auto found = known.find(type.ptr()); found != known.end()) return found->second;
    const nb::object name = nb::getattr(type, "__name__", nb::str(type));
    const std::string_view text = nb::cast<const char*>(name);
    type.inc_ref();
    return known.emplace(type.ptr(), dtype_by_name(text.substr(text.rfind('.') + 1))).first->second;
}

std::int64_t item(nb::handle sequence, int index) { return nb::cast<std::int64_t>(sequence[index]); }

void set_shape(Operand& operand, nb::handle shape) {
    set_ndim(operand, static_cast<std::int64_t>(nb::len(shape)));
    for (int i = 0; i < operand.view.ndim; ++i) operand.view.shape[i] = item(shape, i);
}

// NumPy's array interface, C side: https://numpy.org/doc/stable/reference/arrays.interface.html
struct NumpyInterface {
    int two;
    int ndim;
    char kind;
    int item_size;
    int flags;
    std::intptr_t* shape;
    std::intptr_t* strides;  // in bytes
    void* data;
    PyObject* description;
};
constexpr int kNotSwapped = 0x200, kWriteable = 0x400;

std::int64_t element_stride(const Operand& operand, std::int64_t bytes, std::int64_t item_size) {
    if (item_size == 0) return 0;  // of elements without bytes, which no call takes
    if (bytes % item_size == 0) return bytes / item_size;
    raise("LayoutError", std::string(operand.name) + ": a stride is " + std::to_string(bytes) +
                             " bytes, must be a multiple of the element's " + std::to_string(item_size));
}

void* torch_current_stream(int device) {
    // Looked up once and kept for good: PyTorch is never unloaded.
    static const nb::object& current = *new nb::object(
        nb::module_::import_("sys").attr("modules")["torch"].attr("_C").attr("_cuda_getCurrentRawStream"));
    return PyLong_AsVoidPtr(nb::object(current(device)).ptr());
}

}  // namespace

void set_ndim(Operand& operand, std::int64_t ndim) {
    if (ndim < 0 || ndim > 4) {
        raise("ShapeError",
              std::string(operand.name) + ": has " + std::to_string(ndim) + " dimensions, allowed is at most 4");
    }
    operand.view.ndim = static_cast<std::int32_t>(ndim);
}

aotgemm_dtype dtype_by_name(std::string_view name) {
    if (name == "float8_e4m3fn") return AOTGEMM_FP8_E4M3;
    if (name == "bfloat16") return AOTGEMM_BF16;
    if (name == "float32") return AOTGEMM_FP32;
    if (name == "int32") return AOTGEMM_INT32;
    if (name == "int8") return AOTGEMM_INT8;
    return AOTGEMM_DTYPE_OTHER;
}

std::string describe_dtype(nb::handle object) {
    return nb::str(nb::object(nb::getattr(object, "dtype", nb::str("of an unknown element type")))).c_str();
}

void read_numpy(Operand& operand) {
    operand.owner = operand.object.attr("__array_struct__");
    const auto* array = static_cast<const NumpyInterface*>(PyCapsule_GetPointer(operand.owner.ptr(), nullptr));
    if (!array) throw nb::python_error();
    set_ndim(operand, array->ndim);
    operand.read_only = !(array->flags & kWriteable);
    aotgemm_tensor& view = operand.view;
    view.data = array->data;
    view.device_type = AOTGEMM_CPU;
    operand.is_bytes = array->kind == 'u' && array->item_size == 1;
    const bool native = array->flags & kNotSwapped;
    view.dtype = native ? dtype_of(nb::object(operand.object.attr("dtype").attr("type"))) : AOTGEMM_DTYPE_OTHER;
    for (int i = 0; i < view.ndim; ++i) {
        view.shape[i] = array->shape[i];
        view.stride[i] = element_stride(operand, array->strides[i], array->item_size);
    }
}

void read_attributes(Operand& operand, Stream& stream) {
    const nb::object device = operand.object.attr("device");
    const std::string type = nb::str(device.attr("type")).c_str();
    if (type != "cpu" && type != "cuda") {
        raise("DeviceError", std::string(operand.name) + ": is on " + nb::str(device).c_str() +
                                 ", allowed is the CPU or a CUDA device");
    }
    operand.view.device_type = type == "cuda" ? AOTGEMM_CUDA : AOTGEMM_CPU;
    operand.view.device_id = type == "cuda" ? nb::cast<int>(device.attr("index")) : 0;
    operand.view.data = PyLong_AsVoidPtr(nb::object(operand.object.attr("data_ptr")()).ptr());
    const nb::object dtype = operand.object.attr("dtype");
    operand.view.dtype = dtype_of(dtype);
    operand.is_bytes = operand.view.dtype == AOTGEMM_DTYPE_OTHER && describe_dtype(operand.object) == "torch.uint8";
    set_shape(operand, nb::object(operand.object.attr("shape")));
    const nb::object strides = operand.object.attr("stride")();
    for (int i = 0; i < operand.view.ndim; ++i) operand.view.stride[i] = item(strides, i);
    if (type == "cpu" || stream.known) return;
    stream = {torch_current_stream(operand.view.device_id), true};
}

}  // namespace aotgemm::python
