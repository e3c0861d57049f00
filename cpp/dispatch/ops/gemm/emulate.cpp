#include "dispatch/ops/gemm/emulate.hpp"

#include <cstring>
#include <span>

#include "dispatch/base/extent.hpp"
#include "dispatch/ops/gemm/views.hpp"
#include "emulation/sm100/mma.hpp"

namespace aotgemm {
namespace {

emulation::ChainType chain_type(int32_t dtype) {
    if (dtype == AOTGEMM_FP8_E4M3) return emulation::ChainType::fp8_e4m3;
    return dtype == AOTGEMM_BF16 ? emulation::ChainType::bf16 : emulation::ChainType::tf32;
}

void check_on_cpu(const Operand& operand) {
    if (operand.tensor.device_type == AOTGEMM_CPU) return;
    fail(AOTGEMM_ERROR_DEVICE, operand.name, ": must be on the CPU, where the emulation runs");
}

}  // namespace

void emulate_wgmma(const aotgemm_tensor& a, const aotgemm_tensor& b, const aotgemm_tensor& d, const aotgemm_launch& options) {
    const Operand in_a{"a", a}, in_b{"b", b}, out{"d", d};
    check_dtype(in_a, {AOTGEMM_FP8_E4M3, AOTGEMM_BF16, AOTGEMM_FP32});
    check_dtype(in_b, {static_cast<aotgemm_dtype>(a.dtype)});
    check_dtype(out, {AOTGEMM_FP32});
    for (const Operand& operand : {in_a, in_b, out}) {
        check_rank(operand, 2, 2);
        check_extents(operand);
        check_on_cpu(operand);
    }
    check_size(in_b, 1, a.shape[1], "K of a");
    check_size(out, 0, a.shape[0], "M of a");
    check_size(out, 1, b.shape[0], "N of b");
    check_rows_adjacent(in_a);
    check_rows_adjacent(in_b);
    const PlacedOperand placed = place(out);
    for (const Operand& operand : {in_a, in_b}) check_apart(placed, place(operand));
    check_no_overlap(out);
    emulation::wgmma_chain(chain_type(a.dtype), matrix_of<const void>(view_of(a)), matrix_of<const void>(view_of(b)),
                           matrix_of<float>(view_of(d)), options.cpu_threads);
}

namespace {

struct MmaElement {
    const char* name;
    emulation::MmaType type;
    int32_t bytes;
};

constexpr MmaElement kElementsF16[] = {{"bf16", emulation::MmaType::bf16, 2}, {"fp16", emulation::MmaType::fp16, 2}};
constexpr MmaElement kElementsTf32[] = {{"tf32", emulation::MmaType::tf32, 4}};
constexpr MmaElement kElementsF8f6f4[] = {{"e4m3", emulation::MmaType::e4m3, 1},
                                          {"e5m2", emulation::MmaType::e5m2, 1},
                                          {"e2m1", emulation::MmaType::e2m1, 1}};
constexpr MmaElement kElementsMxf4[] = {{"e2m1", emulation::MmaType::e2m1, 1}};

struct MmaKind {
    const char* name;
    std::span<const MmaElement> elements;
    int32_t products, scales;  // of a row, in a step
    void (*step)(const emulation::MmaOperand& a, const emulation::MmaOperand& b, emulation::Matrix<float> d);
};

const MmaKind kMmaKinds[] = {
    {"f16", kElementsF16, emulation::kMmaF16Step, 0, emulation::mma_f16},
    {"tf32", kElementsTf32, emulation::kMmaTf32Step, 0, emulation::mma_tf32},
    {"f8f6f4", kElementsF8f6f4, emulation::kMmaF8f6f4Step, 0, emulation::mma_f8f6f4},
    {"mxf8f6f4", kElementsF8f6f4, emulation::kMmaF8f6f4Step, 1, emulation::mma_f8f6f4},
    {"mxf4", kElementsMxf4, emulation::kMmaMxf4Step, 2, emulation::mma_mxf4},
};

template <class Items>
const auto& find_named(const Items& items, const char* argument, const char* name) {
    for (const auto& item : items) {
        if (name != nullptr && std::strcmp(item.name, name) == 0) return item;
    }
    std::string names;
    for (const auto& item : items) names += text(names.empty() ? "" : " or ", item.name);
    fail(AOTGEMM_ERROR_KERNEL_MISSING, argument, ": is '", name != nullptr ? name : "", "', allowed is ", names);
}

// Rows of raw bytes on the CPU.
void check_rows(const Operand& operand) {
    check_dtype(operand, {AOTGEMM_INT8});
    check_rank(operand, 2, 2);
    check_extents(operand);
    check_on_cpu(operand);
    check_rows_adjacent(operand);
}

// The operand's first step; the next one is step_bytes and `kind.scales` scales on.
emulation::MmaOperand checked_mma_operand(const MmaKind& kind, const MmaElement& element, const MmaArgument& argument) {
    const Operand elements{argument.name, argument.elements};
    check_rows(elements);
    const int64_t step_bytes = int64_t{kind.products} * element.bytes, bytes = elements.tensor.shape[1];
    if (bytes % step_bytes != 0) {
        fail(AOTGEMM_ERROR_SHAPE, argument.name, ": has rows of ", bytes, " bytes, allowed are multiples of ", step_bytes);
    }
    emulation::MmaOperand out{element.type, static_cast<const uint8_t*>(elements.tensor.data), elements.tensor.stride[0]};
    if ((argument.scales != nullptr) != (kind.scales > 0)) {
        fail(AOTGEMM_ERROR_LAYOUT, argument.scales_name, ": is ", argument.scales != nullptr ? "given" : "none",
             ", but the kind ", kind.name, kind.scales > 0 ? " has scales" : " has none");
    }
    if (argument.scales == nullptr) return out;
    const Operand scales{argument.scales_name, *argument.scales};
    check_rows(scales);
    check_size(scales, 0, elements.tensor.shape[0], "rows of the operand");
    check_size(scales, 1, bytes / step_bytes * kind.scales, "scales of all steps");
    out.scales = static_cast<const uint8_t*>(scales.tensor.data);
    out.scale_stride = scales.tensor.stride[0];
    return out;
}

}  // namespace

void emulate_tcgen05(const char* kind_name, const MmaArgument& a, const MmaArgument& b, const aotgemm_tensor& d) {
    const auto& kind = find_named(kMmaKinds, "kind", kind_name);
    const MmaElement& type_a = find_named(kind.elements, "type_a", a.type);
    const MmaElement& type_b = find_named(kind.elements, "type_b", b.type);
    if (kind.elements.data() == kElementsF16) find_named(std::span(&type_a, 1), "type_b", b.type);
    emulation::MmaOperand step_a = checked_mma_operand(kind, type_a, a), step_b = checked_mma_operand(kind, type_b, b);
    const Operand out{"d", d}, in_b{b.name, b.elements};
    check_dtype(out, {AOTGEMM_FP32});
    check_rank(out, 2, 2);
    check_extents(out);
    check_on_cpu(out);
    check_size(in_b, 1, a.elements.shape[1], "bytes of a row of a");
    check_size(out, 0, a.elements.shape[0], "M of a");
    check_size(out, 1, b.elements.shape[0], "N of b");
    check_no_overlap(out);
    const int64_t step_bytes = int64_t{kind.products} * type_a.bytes;
    for (int64_t k = 0; k < a.elements.shape[1]; k += step_bytes) {
        kind.step(step_a, step_b, matrix_of<float>(view_of(d)));
        for (emulation::MmaOperand* operand : {&step_a, &step_b}) {
            operand->data += step_bytes;
            if (operand->scales != nullptr) operand->scales += kind.scales;
        }
    }
}

}  // namespace aotgemm
