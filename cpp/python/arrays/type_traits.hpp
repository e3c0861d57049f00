// What a type of tensors says about all of them: whether their memory is theirs, and whether it may be written.
#pragma once

#include "python/arrays/tensor_args.hpp"

namespace aotgemm::python {

struct TypeTraits {
    const char* refusal = nullptr;    // why no object of the type is read, or null
    const char* immutable = nullptr;  // whose arrays never change, or null
    PyObject* is_neg = nullptr;       // PyTorch's torch.Tensor.is_neg, for its tensors and subclasses
};

// Found once per type.
TypeTraits traits_of(nb::handle type);

// For a tensor of PyTorch that was read: fails if its values are not those in memory, and takes the address from one whose
// storage was freed.
void check_torch_tensor(Operand& operand, const TypeTraits& traits);

}  // namespace aotgemm::python
