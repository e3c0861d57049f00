// The ways a Python object can describe a tensor. Each fills operand.view, and the stream if it is on CUDA.
#pragma once

#include <string_view>

#include "dlpack/dlpack.h"
#include "python/arrays/tensor_args.hpp"
#include "python/arrays/type_traits.hpp"

namespace aotgemm::python {

enum class Reader { device_array, exchange, numpy, attributes, capsule, none };

struct TypeEntry {
    Reader reader;
    const DLPackExchangeAPI* exchange;  // null but for Reader::exchange
    TypeTraits traits;
};

// How an object is read. It depends on the type alone, and is found once per type.
const TypeEntry& entry_of(nb::handle object);

// The exchange table of a type (major version 1, able to lend a view), or null.
const DLPackExchangeAPI* find_exchange_api(nb::handle type);

void read_exchange(Operand& operand, const DLPackExchangeAPI& api, Stream& stream);
void read_numpy(Operand& operand);
void read_attributes(Operand& operand, Stream& stream);
void read_dlpack_capsule(Operand& operand, Stream& stream);

// In a handler of what was raised while an operand was read: raises that, if it is an error of ours or ends the program, and
// else DtypeError with its first line.
[[noreturn]] void raise_unreadable(const Operand& operand, nb::python_error& cause);

// Checked: a view has at most four dimensions.
void set_ndim(Operand& operand, std::int64_t ndim);

// By the field's name, without a framework's prefix: "float8_e4m3fn", "bfloat16", "float32", "int32", "int8".
aotgemm_dtype dtype_by_name(std::string_view name);

}  // namespace aotgemm::python
