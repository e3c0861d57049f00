// Checks of operands. Each failure names the argument, what came and what is allowed.
#pragma once

#include <initializer_list>

#include "dispatch/base/failure.hpp"

namespace aotgemm {

const char* dtype_name(int32_t dtype);

// An operand with the name it has in the call.
struct Operand {
    const char* name;
    const aotgemm_tensor& tensor;
};

void check_dtype(const Operand& operand, std::initializer_list<aotgemm_dtype> allowed);
void check_rank(const Operand& operand, int32_t low, int32_t high);

// Fails unless size `dimension` of the operand is `expected`, which the sentence explains as `meaning`.
void check_size(const Operand& operand, int dimension, int64_t expected, const char* meaning);

// All on the CPU, or all on one CUDA device.
void check_same_device(std::initializer_list<Operand> operands);

// Elements of a row (the last dimension) adjacent.
void check_rows_adjacent(const Operand& operand);

// A matrix, or a batch of them, that the TMA can address: adjacent elements in a row, rows and groups 16-byte aligned,
// rows not overlapping.
void check_matrix_layout(const Operand& operand, int32_t element_bytes);

// Scales of A that the TMA can address: MN-major, columns and groups 16-byte aligned.
void check_scale_layout(const Operand& operand);

// Data starts at a multiple of 16 bytes.
void check_alignment(const Operand& operand);

// No element of it lies at the address of another.
void check_no_overlap(const Operand& operand);

// The distance between rows in elements, also where there is but one and its stride says nothing.
int64_t row_stride(const aotgemm_tensor& matrix, int32_t element_bytes);

constexpr int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }
constexpr int64_t align_up(int64_t value, int64_t multiple) { return ceil_div(value, multiple) * multiple; }

}  // namespace aotgemm
