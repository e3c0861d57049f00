#include "python/integers.hpp"

#include "python/errors.hpp"

namespace aotgemm::python {

namespace nb = nanobind;

namespace {

// Its digits, unless Python refuses to write so many.
std::string digits_of(nb::handle number) {
    const nb::object text = nb::steal(PyObject_Str(number.ptr()));
    if (text.is_valid()) return nb::str(text).c_str();
    PyErr_Clear();
    return "a number of thousands of digits";
}

// What is said of an argument that is no number, or of one that holds something else: what it does, what is allowed.
struct Words {
    const char *verb, *allowed;
};

std::int64_t read_index(const std::string& name, nb::handle given, Words words, std::int64_t least, std::int64_t most) {
    if (!PyIndex_Check(given.ptr())) {
        raise("DtypeError",
              name + ": " + words.verb + " a " + nb::type_name(given.type()).c_str() + ", allowed " + words.allowed);
    }
    const nb::object number = nb::steal(PyNumber_Index(given.ptr()));
    if (!number.is_valid()) throw nb::python_error();
    int overflow = 0;
    const std::int64_t value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    if (overflow == 0 && value >= least && value <= most) return value;
    raise("ShapeError", name + ": is " + digits_of(number) + ", allowed is " + std::to_string(least) + " to " +
                            std::to_string(most));
}

}  // namespace

std::int64_t read_integer(const std::string& name, nb::handle given, std::int64_t least, std::int64_t most) {
    return read_index(name, given, {"is", "is an int"}, least, most);
}

int read_int(const std::string& name, nb::handle given, int least) {
    return static_cast<int>(read_integer(name, given, least, std::numeric_limits<int>::max()));
}

int read_ordinal(nb::handle given) {
    try {
        return read_int("device", given);
    } catch (nb::python_error& error) {
        if (!error.matches(nb::module_::import_("aotgemm.errors").attr("ShapeError"))) throw;
    }
    raise("DeviceError", "device: is " + digits_of(given) + ", allowed is the ordinal of a CUDA device");
}

std::vector<std::int64_t> read_integers(const std::string& name, nb::handle given) {
    if (!PySequence_Check(given.ptr())) {
        raise("DtypeError", name + ": is a " + nb::type_name(given.type()).c_str() + ", allowed is a sequence of ints");
    }
    std::vector<std::int64_t> values;
    for (const nb::handle item : given) {
        values.push_back(read_index(name, item, {"holds", "are ints"}, kLeastInt64, kMostInt64));
    }
    return values;
}

}  // namespace aotgemm::python
