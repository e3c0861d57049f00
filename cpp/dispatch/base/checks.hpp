// Checks of operands. Each failure names the argument, what came and what is allowed.
#pragma once

#include <initializer_list>
#include <string>

#include "dispatch/base/checked.hpp"
#include "dispatch/base/failure.hpp"

namespace aotgemm {

const char* dtype_name(int32_t dtype);

// "(a, b)".
std::string stride_text(const aotgemm_tensor& tensor);

// Whether it has no element.
bool is_empty(const aotgemm_tensor& tensor);

// Bytes of an element.
constexpr int32_t element_bytes(int32_t dtype) {
    return dtype == AOTGEMM_FP8_E4M3 || dtype == AOTGEMM_INT8 ? 1 : dtype == AOTGEMM_BF16 ? 2 : 4;
}

// An operand with the name it has in the call.
struct Operand {
    const char* name;
    const aotgemm_tensor& tensor;
};

[[noreturn]] void fail_dtype(const Operand& operand, std::initializer_list<aotgemm_dtype> allowed);
inline void check_dtype(const Operand& operand, std::initializer_list<aotgemm_dtype> allowed) {
    for (const aotgemm_dtype dtype : allowed) {
        if (operand.tensor.dtype == dtype) return;
    }
    fail_dtype(operand, allowed);
}

[[noreturn]] void fail_rank(const Operand& operand, int32_t low, int32_t high);
inline void check_rank(const Operand& operand, int32_t low, int32_t high) {
    if (operand.tensor.ndim < low || operand.tensor.ndim > high) fail_rank(operand, low, high);
}

// Fails unless size `dimension` of the operand is `expected`, which the sentence explains as `meaning`.
[[noreturn]] void fail_size(const Operand& operand, int dimension, int64_t expected, const char* meaning);
inline void check_size(const Operand& operand, int dimension, int64_t expected, const char* meaning) {
    if (operand.tensor.shape[dimension] != expected) fail_size(operand, dimension, expected, meaning);
}

// All on the CPU, or all on one CUDA device.
void check_same_device(std::initializer_list<Operand> operands);

// Elements of a row (the last dimension) adjacent.
void check_rows_adjacent(const Operand& operand);

// Bytes that addresses and strides of the TMA are multiples of, and the bytes that a stride must be less than.
inline constexpr int32_t kTmaAlignment = 16;
// Of FP4 that the TMA unpacks: bytes, and adjacent elements of a box (PTX ISA, "Tensor mode", .b4x16_p64).
inline constexpr int32_t kFp4Alignment = 32, kFp4BoxElements = 128;
inline constexpr int64_t kTmaStrideLimit = int64_t{1} << 40;

// A matrix, or a batch of them, that the TMA can address: adjacent elements in a row, rows and groups 16-byte aligned
// and less than 2^40 bytes apart, rows not overlapping.
void check_matrix_layout(const Operand& operand, int32_t element_bytes);

// Scales by row that the TMA can address: MN-major, columns and groups 16-byte aligned; or none at all.
bool is_scale_layout(const aotgemm_tensor& sf);
void check_scale_layout(const Operand& operand);
void check_scale_layout(const Operand& operand, const char* maker);  // what makes such a copy

// Data starts at a multiple of so many bytes, a power of two.
[[noreturn]] void fail_alignment(const Operand& operand, int32_t bytes);
inline void check_alignment(const Operand& operand, int32_t bytes) {
    if ((reinterpret_cast<uintptr_t>(operand.tensor.data) & static_cast<uintptr_t>(bytes - 1)) != 0) fail_alignment(operand, bytes);
}

// Every size is from 0 to kMostExtent.
[[noreturn]] void fail_extent(const Operand& operand, int dimension);
inline void check_extents(const Operand& operand) {
    for (int i = 0; i < operand.tensor.ndim; ++i) {
        if (operand.tensor.shape[i] < 0 || operand.tensor.shape[i] > kMostExtent) fail_extent(operand, i);
    }
}

// No element of it lies at the address of another.
void check_no_overlap(const Operand& operand);

}  // namespace aotgemm
