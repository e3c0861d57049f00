#include "dispatch/base/checks.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "dispatch/base/checked.hpp"

namespace aotgemm {
namespace {

std::string shape_text(const aotgemm_tensor& tensor) {
    std::string shape = "[";
    for (int i = 0; i < tensor.ndim; ++i) shape += text(i == 0 ? "" : ", ", tensor.shape[i]);
    return shape + "]";
}

std::string device_text(const aotgemm_tensor& tensor) {
    if (tensor.device_type == AOTGEMM_CPU) return "the CPU";
    if (tensor.device_type == AOTGEMM_CUDA) return text("CUDA device ", tensor.device_id);
    return text("a device of DLPack type ", tensor.device_type);
}

}  // namespace

std::string stride_text(const aotgemm_tensor& tensor) {
    std::string strides = "(";
    for (int i = 0; i < tensor.ndim; ++i) strides += text(i == 0 ? "" : ", ", tensor.stride[i]);
    return strides + ")";
}

bool is_empty(const aotgemm_tensor& tensor) {
    return std::any_of(tensor.shape, tensor.shape + tensor.ndim, [](int64_t size) { return size == 0; });
}

const char* dtype_name(int32_t dtype) {
    switch (dtype) {
        case AOTGEMM_FP8_E4M3: return "float8_e4m3fn";
        case AOTGEMM_BF16: return "bfloat16";
        case AOTGEMM_FP32: return "float32";
        case AOTGEMM_INT32: return "int32";
        case AOTGEMM_INT8: return "int8";
        default: return "a dtype aotgemm does not use";
    }
}

void fail_dtype(const Operand& operand, std::initializer_list<aotgemm_dtype> allowed) {
    std::string names;
    for (const aotgemm_dtype dtype : allowed) names += text(names.empty() ? "" : " or ", dtype_name(dtype));
    fail(AOTGEMM_ERROR_DTYPE, operand.name, ": dtype is ", dtype_name(operand.tensor.dtype), ", allowed is ", names);
}

void fail_rank(const Operand& operand, int32_t low, int32_t high) {
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": has ", operand.tensor.ndim, " dimensions, allowed is ", low,
         low == high ? "" : text(" to ", high));
}

void fail_size(const Operand& operand, int dimension, int64_t expected, const char* meaning) {
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": shape is ", shape_text(operand.tensor), ", size ", dimension,
         " must be ", expected, " (", meaning, ")");
}

void check_same_device(std::initializer_list<Operand> operands) {
    const Operand& first = *operands.begin();
    for (const Operand& operand : operands) {
        const aotgemm_tensor& tensor = operand.tensor;
        if (tensor.device_type != AOTGEMM_CPU && tensor.device_type != AOTGEMM_CUDA) {
            fail(AOTGEMM_ERROR_DEVICE, operand.name, ": is on ", device_text(tensor), ", allowed is the CPU or a CUDA device");
        }
        const bool same_place = tensor.device_type == AOTGEMM_CPU || tensor.device_id == first.tensor.device_id;
        if (tensor.device_type != first.tensor.device_type || !same_place) {
            fail(AOTGEMM_ERROR_DEVICE, operand.name, ": is on ", device_text(tensor), ", but ", first.name, " is on ",
                 device_text(first.tensor), "; all operands must be on one device");
        }
    }
}

void check_rows_adjacent(const Operand& operand) {
    const aotgemm_tensor& matrix = operand.tensor;
    const int column = matrix.ndim - 1;
    if (matrix.shape[column] <= 1 || matrix.stride[column] == 1 || is_empty(matrix)) return;
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", column, " is ", matrix.stride[column],
         ", must be 1 (elements of a row adjacent); a contiguous copy has it");
}

void fail_alignment(const Operand& operand, int32_t bytes) {
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": data starts ",
         reinterpret_cast<uintptr_t>(operand.tensor.data) % static_cast<uintptr_t>(bytes), " bytes past a multiple of ", bytes,
         ", must start at one");
}

void fail_extent(const Operand& operand, int dimension) {
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": size ", dimension, " is ", operand.tensor.shape[dimension],
         ", allowed is 0 to ", kMostExtent);
}

void check_matrix_layout(const Operand& operand, int32_t element_bytes) {
    const aotgemm_tensor& matrix = operand.tensor;
    if (is_empty(matrix)) return;
    check_rows_adjacent(operand);
    const int row = matrix.ndim - 2;
    if (matrix.shape[row] > 1 && matrix.stride[row] < matrix.shape[row + 1]) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", row, " is ", matrix.stride[row],
             ", must be at least the row length ", matrix.shape[row + 1], " (rows may not overlap)");
    }
    const int32_t multiple = kTmaAlignment / element_bytes;
    for (int i = row; i >= 0; --i) {
        if (matrix.shape[i] <= 1) continue;
        if (matrix.stride[i] >= kTmaStrideLimit / element_bytes) {
            fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", matrix.stride[i],
                 " elements, must be less than ", kTmaStrideLimit / element_bytes, " (2^40 bytes)");
        }
        if (matrix.stride[i] >= 0 && matrix.stride[i] % multiple == 0) continue;
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", matrix.stride[i],
             " elements, must be a multiple of ", multiple, " (16 bytes) from 0 on; the nearest is ",
             align_up(std::max<int64_t>(matrix.stride[i], 0), multiple));
    }
    check_alignment(operand, kTmaAlignment);
}

bool is_scale_layout(const aotgemm_tensor& sf) {
    if (is_empty(sf)) return true;
    const int mn = sf.ndim - 2, k = sf.ndim - 1;
    const auto is_legal = [](int64_t stride, int64_t least) {
        return stride % 4 == 0 && stride >= least && stride < kTmaStrideLimit / 4;
    };
    const bool rows = sf.shape[mn] <= 1 || sf.stride[mn] == 1;
    const bool columns = sf.shape[k] <= 1 || is_legal(sf.stride[k], sf.shape[mn]);
    const bool groups = mn == 0 || sf.shape[0] <= 1 || is_legal(sf.stride[0], 0);
    return rows && columns && groups && reinterpret_cast<uintptr_t>(sf.data) % kTmaAlignment == 0;
}

void check_scale_layout(const Operand& operand) { check_scale_layout(operand, "get_mn_major_tma_aligned_tensor"); }

void check_scale_layout(const Operand& operand, const char* maker) {
    const aotgemm_tensor& sf = operand.tensor;
    if (is_scale_layout(sf)) return;
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": strides are ", stride_text(sf), ", must be (",
         sf.ndim == 2 ? "" : "a multiple of 4, ", "1, a multiple of 4 from ", sf.shape[sf.ndim - 2],
         " on) with 16-byte aligned data; ", maker, " makes such a copy");
}

void check_no_overlap(const Operand& operand) {
    const aotgemm_tensor& tensor = operand.tensor;
    std::array<int, 4> by_stride{};
    for (int i = 0; i < tensor.ndim; ++i) {
        int at = i;
        for (; at > 0 && tensor.stride[by_stride[at - 1]] > tensor.stride[i]; --at) by_stride[at] = by_stride[at - 1];
        by_stride[at] = i;
    }
    int64_t span = 1;  // elements from the first to behind the last along the dimensions so far
    for (int i = 0; i < tensor.ndim; ++i) {
        const int64_t stride = tensor.stride[by_stride[i]], size = tensor.shape[by_stride[i]];
        if (size > 1 && stride < span) {
            fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": strides are ", stride_text(tensor), " for shape ",
                 shape_text(tensor), ", must keep its elements apart (no two may share an address)");
        }
        if (size <= 1) continue;
        const std::optional<int64_t> reach = checked_product({stride, size - 1});
        // What reaches beyond int64 is refused for that by whoever places the operand.
        span = reach ? checked_sum(span, *reach).value_or(std::numeric_limits<int64_t>::max())
                     : std::numeric_limits<int64_t>::max();
    }
}

}  // namespace aotgemm
