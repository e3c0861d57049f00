// Bytes of device memory that an element of A and of B takes, by family: codegen/families/NAME.py states them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aotgemm {

struct OperandBytes {
    const char* family;
    int32_t a;
    double b;  // less than one where a byte holds several; with its scales where B is packed before the call
};

// A row for each GEMM family. Defined in the generated gemm_families.cpp.
extern const OperandBytes kOperandBytes[];
extern const std::size_t kOperandBytesCount;

}  // namespace aotgemm
