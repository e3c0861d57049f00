#include "python/arrays/type_traits.hpp"

#include <string>

#include "python/errors.hpp"

namespace aotgemm::python {

namespace {

// The class `name` of a module if somebody imported that, else None.
nb::object imported(const char* module, const char* name) {
    const nb::object found = nb::module_::import_("sys").attr("modules").attr("get")(module);
    return found.is_none() ? nb::none() : nb::object(nb::getattr(found, name, nb::none()));
}

bool is_subclass(nb::handle type, nb::handle base) {
    return PyType_Check(base.ptr()) &&
           PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type.ptr()), reinterpret_cast<PyTypeObject*>(base.ptr()));
}

// Subclasses whose operations are their own, such as DTensor and FakeTensor, keep their values elsewhere or have none.
bool has_operations_of_its_own(nb::handle type, nb::handle tensor) {
    const nb::object own = nb::getattr(type, "__torch_dispatch__", nb::none());
    return !own.is(nb::object(nb::getattr(tensor, "__torch_dispatch__", nb::none())));
}

// JAX sets no flag of DLPack for what is immutable.
const char* immutable_framework(nb::handle type) {
    for (const nb::handle base : nb::object(type.attr("__mro__"))) {
        const std::string module = nb::str(nb::object(nb::getattr(base, "__module__", nb::str("")))).c_str();
        const std::string root = module.substr(0, module.find('.'));
        if (root == "jax" || root == "jaxlib") return "JAX";
        if (root == "tensorflow") return "TensorFlow";
    }
    return nullptr;
}

// No memory of a process that runs kernels starts so low: a tensor there is a view, by its offset, of memory at null.
constexpr std::uintptr_t kLowestAddress = std::uintptr_t{1} << 33;

nb::object call_method(const Operand& operand, const char* name) { return operand.object.attr(name)(); }

bool storage_is_gone(const Operand& operand) {
    return nb::cast<std::uintptr_t>(nb::object(call_method(operand, "untyped_storage").attr("data_ptr")())) == 0;
}

// PyTorch negates no FP8: of those there is none.
bool is_negative(const Operand& operand, const TypeTraits& traits) {
    PyObject* const self = operand.object.ptr();
    const nb::object answer = nb::steal(PyObject_Vectorcall(traits.is_neg, &self, 1, nullptr));
    if (!answer.is_valid()) throw nb::python_error();
    return answer.ptr() == Py_True;
}

// Its values are another function of its memory.
[[noreturn]] void raise_lazy(const Operand& operand, const char* kind, const char* resolved_by) {
    raise("LayoutError", std::string(operand.name) + ": is a " + kind + " view, whose memory holds other values, must be one of "
                             "its own; " + resolved_by + " makes such a copy");
}

}  // namespace

TypeTraits traits_of(nb::handle type) {
    TypeTraits traits;
    traits.immutable = immutable_framework(type);
    if (is_subclass(type, imported("numpy.ma", "MaskedArray"))) traits.refusal = "hides elements behind a mask";
    const nb::object tensor = imported("torch", "Tensor");
    if (!is_subclass(type, tensor)) return traits;
    if (has_operations_of_its_own(type, tensor)) {
        traits.refusal = "has operations of its own (__torch_dispatch__), so that what it holds may not be in its memory";
    }
    traits.is_neg = nb::object(nb::getattr(tensor, "is_neg", nb::none())).release().ptr();  // kept: PyTorch is never unloaded
    return traits;
}

void check_torch_tensor(Operand& operand, const TypeTraits& traits) {
    aotgemm_tensor& view = operand.view;
    if (view.dtype != AOTGEMM_FP8_E4M3 && is_negative(operand, traits)) raise_lazy(operand, "negative", "resolve_neg()");
    if (view.dtype == AOTGEMM_DTYPE_OTHER && nb::cast<bool>(call_method(operand, "is_conj"))) {
        raise_lazy(operand, "conjugate", "resolve_conj()");
    }
    if (view.data != nullptr && reinterpret_cast<std::uintptr_t>(view.data) < kLowestAddress && storage_is_gone(operand)) {
        view.data = nullptr;
    }
}

}  // namespace aotgemm::python
