// A tensor type with DLPack's C exchange table, such as PyTorch's from 2.10 on, around memory of somebody else. Its
// allocator hands out memory of the host, and notes each request and return with the launches made until then.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include "third_party/dlpack/dlpack.h"

namespace {

constexpr Py_ssize_t kMostDimensions = 8;  // more than the library takes

struct Tensor {
    PyObject_HEAD
    DLTensor view;
    int64_t shape[kMostDimensions], strides[kMostDimensions];
};

PyObject* events = nullptr;  // list of (what, launches so far, bytes)
bool refuses = false;

int launches() {
    static void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    const void* count = driver != nullptr ? dlsym(driver, "calls_cuLaunchKernelEx") : nullptr;
    return count != nullptr ? *static_cast<const int*>(count) : 0;
}

void note(const char* what, int64_t bytes) {
    PyObject* event = Py_BuildValue("(siL)", what, launches(), static_cast<long long>(bytes));
    PyList_Append(events, event);
    Py_DECREF(event);
}

struct Memory {
    DLManagedTensorVersioned managed;
    int64_t bytes;
    void* data;
};

void give_back(DLManagedTensorVersioned* managed) {
    auto* memory = reinterpret_cast<Memory*>(managed);
    note("release", memory->bytes);
    std::free(memory->data);
    delete memory;
}

int allocate(DLTensor* prototype, DLManagedTensorVersioned** out, void* error,
             void (*set_error)(void*, const char*, const char*)) {
    if (refuses) {
        set_error(error, "MemoryError", "no room");
        return -1;
    }
    auto* memory = new Memory{};
    memory->bytes = prototype->shape[0] * prototype->dtype.bits / 8;
    memory->data = std::aligned_alloc(256, (memory->bytes + 255) / 256 * 256);
    memory->managed.deleter = give_back;
    memory->managed.dl_tensor = *prototype;
    memory->managed.dl_tensor.data = memory->data;
    note("allocate", memory->bytes);
    *out = &memory->managed;
    return 0;
}

int lend_view(void* object, DLTensor* out) {
    *out = static_cast<Tensor*>(object)->view;
    return 0;
}

// Any but the default stream, which no call can be captured on.
int stream;
int current_stream(DLDeviceType, int32_t, void** out) {
    *out = &stream;
    return 0;
}

DLPackExchangeAPI table{};

DLDataType dtype_of(const char* name) {
    if (std::strcmp(name, "float8_e4m3fn") == 0) return {kDLFloat8_e4m3fn, 8, 1};
    if (std::strcmp(name, "bfloat16") == 0) return {kDLBfloat, 16, 1};
    if (std::strcmp(name, "float16") == 0) return {kDLFloat, 16, 1};
    if (std::strcmp(name, "int8") == 0) return {kDLInt, 8, 1};
    if (std::strcmp(name, "uint8") == 0) return {kDLUInt, 8, 1};
    return {static_cast<uint8_t>(std::strcmp(name, "int32") == 0 ? kDLInt : kDLFloat), 32, 1};
}

// (address, shape, strides, name of the dtype, DLPack's number of the device type: by default CUDA's)
PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject*) {
    unsigned long long address = 0;
    PyObject *shape = nullptr, *strides = nullptr;
    const char* dtype = nullptr;
    int device = kDLCUDA;
    if (!PyArg_ParseTuple(arguments, "KO!O!s|i", &address, &PyTuple_Type, &shape, &PyTuple_Type, &strides, &dtype, &device)) {
        return nullptr;
    }
    if (PyTuple_Size(shape) > kMostDimensions || PyTuple_Size(strides) != PyTuple_Size(shape)) {
        PyErr_SetString(PyExc_ValueError, "shape, strides: allowed are at most 8 sizes and as many strides");
        return nullptr;
    }
    auto* tensor = reinterpret_cast<Tensor*>(type->tp_alloc(type, 0));
    tensor->view = {reinterpret_cast<void*>(address), {static_cast<DLDeviceType>(device), 0}, static_cast<int32_t>(PyTuple_Size(shape)), dtype_of(dtype),
                    tensor->shape, tensor->strides, 0};
    for (int i = 0; i < tensor->view.ndim; ++i) {
        tensor->shape[i] = PyLong_AsLongLong(PyTuple_GetItem(shape, i));
        tensor->strides[i] = PyLong_AsLongLong(PyTuple_GetItem(strides, i));
    }
    if (PyErr_Occurred() == nullptr) return reinterpret_cast<PyObject*>(tensor);  // a size may be no int64
    Py_DECREF(tensor);
    return nullptr;
}

PyObject* refuse(PyObject*, PyObject* whether) {
    refuses = PyObject_IsTrue(whether) != 0;
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {{"refuse", refuse, METH_O, "Whether the allocator has nothing to give."}, {}};
PyModuleDef module{PyModuleDef_HEAD_INIT, "exchange_tensor", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};
PyTypeObject type{PyVarObject_HEAD_INIT(nullptr, 0)};

}  // namespace

PyMODINIT_FUNC PyInit_exchange_tensor() {
    table.header.version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
    table.managed_tensor_allocator = allocate;
    table.dltensor_from_py_object_no_sync = lend_view;
    table.current_work_stream = current_stream;
    type.tp_name = "exchange_tensor.ExchangeTensor";
    type.tp_basicsize = sizeof(Tensor);
    type.tp_flags = Py_TPFLAGS_DEFAULT;
    type.tp_new = make;
    if (PyType_Ready(&type) != 0) return nullptr;
    PyObject* capsule = PyCapsule_New(&table, "dlpack_exchange_api", nullptr);
    PyDict_SetItemString(type.tp_dict, "__dlpack_c_exchange_api__", capsule);
    PyObject* out = PyModule_Create(&module);
    events = PyList_New(0);
    PyModule_AddObject(out, "events", events);
    PyModule_AddObject(out, "ExchangeTensor", reinterpret_cast<PyObject*>(&type));
    return out;
}
