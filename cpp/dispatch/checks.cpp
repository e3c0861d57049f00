#include "dispatch/checks.hpp"

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

const char* dtype_name(int32_t dtype) {
    switch (dtype) {
        case AOTGEMM_FP8_E4M3: return "float8_e4m3fn";
        case AOTGEMM_BF16: return "bfloat16";
        case AOTGEMM_FP32: return "float32";
        case AOTGEMM_INT32: return "int32";
        default: return "a dtype aotgemm does not use";
    }
}

void check_dtype(const Operand& operand, std::initializer_list<aotgemm_dtype> allowed) {
    std::string names;
    for (const aotgemm_dtype dtype : allowed) {
        if (operand.tensor.dtype == dtype) return;
        names += text(names.empty() ? "" : " or ", dtype_name(dtype));
    }
    fail(AOTGEMM_ERROR_DTYPE, operand.name, ": dtype is ", dtype_name(operand.tensor.dtype), ", allowed is ", names);
}

void check_rank(const Operand& operand, int32_t low, int32_t high) {
    if (operand.tensor.ndim >= low && operand.tensor.ndim <= high) return;
    fail(AOTGEMM_ERROR_SHAPE, operand.name, ": has ", operand.tensor.ndim, " dimensions, allowed is ", low,
         low == high ? "" : text(" to ", high));
}

void check_size(const Operand& operand, int dimension, int64_t expected, const char* meaning) {
    if (operand.tensor.shape[dimension] == expected) return;
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

int64_t row_stride(const aotgemm_tensor& matrix, int32_t element_bytes) {
    return matrix.shape[0] > 1 ? matrix.stride[0] : align_up(matrix.shape[1], 16 / element_bytes);
}

void check_matrix_layout(const Operand& operand, int32_t element_bytes) {
    const aotgemm_tensor& matrix = operand.tensor;
    if (matrix.shape[0] == 0 || matrix.shape[1] == 0) return;
    if (matrix.shape[1] > 1 && matrix.stride[1] != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension 1 is ", matrix.stride[1],
             ", must be 1 (elements of a row adjacent); a contiguous copy has it");
    }
    if (matrix.shape[0] > 1 && matrix.stride[0] < matrix.shape[1]) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension 0 is ", matrix.stride[0],
             ", must be at least the row length ", matrix.shape[1], " (rows may not overlap)");
    }
    const int32_t multiple = 16 / element_bytes;
    if (matrix.shape[0] > 1 && matrix.stride[0] % multiple != 0) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension 0 is ", matrix.stride[0],
             " elements, must be a multiple of ", multiple, " (16 bytes); the nearest is ",
             align_up(matrix.stride[0], multiple));
    }
    if (reinterpret_cast<uintptr_t>(matrix.data) % 16 != 0) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": data starts ", reinterpret_cast<uintptr_t>(matrix.data) % 16,
             " bytes past a multiple of 16, must start at one");
    }
}

}  // namespace aotgemm
