#include "dispatch/ops/tcgen05_mma/tcgen05_mma.hpp"

#include <cstring>
#include <string>
#include <vector>

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "dispatch/ops/gemm/views.hpp"
#include "dispatch/ops/tcgen05_mma/kinds.hpp"

namespace aotgemm {
namespace {

template <class Items>
const auto& find_named(const Items& items, const char* argument, const char* name) {
    for (const auto& item : items) {
        if (name != nullptr && std::strcmp(item.name, name) == 0) return item;
    }
    std::string names;
    for (const auto& item : items) names += text(names.empty() ? "" : " or ", item.name);
    fail(AOTGEMM_ERROR_KERNEL_MISSING, argument, ": is '", name != nullptr ? name : "", "', allowed is ", names);
}

// Rows of raw bytes.
void check_rows(const Operand& operand) {
    check_dtype(operand, {AOTGEMM_INT8});
    check_rank(operand, 2, 2);
    check_extents(operand);
    check_rows_adjacent(operand);
}

struct Call {
    const MmaKindOnHost& kind;
    const MmaElement& type_a;
    const MmaElement& type_b;
    const MmaArgument& a;
    const MmaArgument& b;
    const aotgemm_tensor& d;

    int64_t step_bytes() const { return int64_t{kind.products} * type_a.bytes; }
    int64_t steps() const { return a.elements.shape[1] / step_bytes(); }
};

void check_operand(const Call& call, const MmaArgument& argument) {
    const Operand elements{argument.name, argument.elements};
    check_rows(elements);
    const int64_t bytes = elements.tensor.shape[1];
    if (bytes % call.step_bytes() != 0) {
        fail(AOTGEMM_ERROR_SHAPE, argument.name, ": has rows of ", bytes, " bytes, allowed are multiples of ", call.step_bytes());
    }
    if ((argument.scales != nullptr) != (call.kind.scales > 0)) {
        fail(AOTGEMM_ERROR_LAYOUT, argument.scales_name, ": is ", argument.scales != nullptr ? "given" : "none",
             ", but the kind ", call.kind.name, call.kind.scales > 0 ? " has scales" : " has none");
    }
    if (argument.scales == nullptr) return;
    const Operand scales{argument.scales_name, *argument.scales};
    check_rows(scales);
    check_size(scales, 0, elements.tensor.shape[0], "rows of the operand");
    check_size(scales, 1, bytes / call.step_bytes() * call.kind.scales, "scales of all steps");
    check_same_device({elements, scales});
}

void check(const Call& call) {
    const Operand a{call.a.name, call.a.elements}, b{call.b.name, call.b.elements}, d{"d", call.d};
    check_operand(call, call.a);
    check_operand(call, call.b);
    check_dtype(d, {AOTGEMM_FP32});
    check_rank(d, 2, 2);
    check_extents(d);
    check_size(b, 1, call.a.elements.shape[1], "bytes of a row of a");
    check_size(d, 0, call.a.elements.shape[0], "M of a");
    check_size(d, 1, call.b.elements.shape[0], "N of b");
    check_same_device({a, b, d});
    check_call_memory({d}, {a, b});
    for (const MmaArgument* argument : {&call.a, &call.b}) {
        if (argument->scales != nullptr) check_apart(place(d), place({argument->scales_name, *argument->scales}));
    }
}

emulation::MmaOperand on_cpu(const MmaArgument& argument, const MmaElement& type) {
    emulation::MmaOperand out{type.type, static_cast<const uint8_t*>(argument.elements.data), argument.elements.stride[0]};
    if (argument.scales == nullptr) return out;
    out.scales = static_cast<const uint8_t*>(argument.scales->data);
    out.scale_stride = argument.scales->stride[0];
    return out;
}

void run_on_cpu(const Call& call) {
    emulation::MmaOperand a = on_cpu(call.a, call.type_a), b = on_cpu(call.b, call.type_b);
    for (int64_t step = 0; step < call.steps(); ++step) {
        call.kind.step(a, b, matrix_of<float>(view_of(call.d)));
        for (emulation::MmaOperand* operand : {&a, &b}) {
            operand->data += call.step_bytes();
            if (operand->scales != nullptr) operand->scales += call.kind.scales;
        }
    }
}

sm100::MmaRows on_gpu(const Call& call, const MmaArgument& argument, const MmaElement& type) {
    const aotgemm_tensor* scales = argument.scales;
    return {.data = static_cast<const uint8_t*>(argument.elements.data),
            .stride = argument.elements.stride[0],
            .scales = scales != nullptr ? static_cast<const uint8_t*>(scales->data) : nullptr,
            .scale_stride = scales != nullptr ? scales->stride[0] : 0,
            .rows = static_cast<int32_t>(argument.elements.shape[0]),
            .step_bytes = static_cast<int32_t>(call.step_bytes()),
            .packing = type.packing,
            .format = type.format};
}

sm100::MmaParams parameters_of(const Call& call) {
    return {.a = on_gpu(call, call.a, call.type_a),
            .b = on_gpu(call, call.b, call.type_b),
            .d = static_cast<float*>(call.d.data),
            .row_stride = call.d.stride[0],
            .column_stride = call.d.stride[1],
            .steps = static_cast<int32_t>(call.steps()),
            .scales = call.kind.scales,
            .kind = call.kind.kind};
}

// Rows, steps and blocks that a launch counts in 32 bits, asked of CPU operands too.
void check_limits(const Call& call) {
    for (const Operand& operand : {Operand{call.a.name, call.a.elements}, Operand{call.b.name, call.b.elements}}) {
        for (const int64_t extent : {operand.tensor.shape[0], operand.tensor.shape[1]}) {
            if (extent > INT32_MAX - sm100::kMmaRows) {
                fail(AOTGEMM_ERROR_SHAPE, operand.name, ": has ", extent, " rows or bytes, allowed is at most ",
                     INT32_MAX - sm100::kMmaRows);
            }
        }
    }
    checked_grid("d", sm100::mma_blocks(parameters_of(call)));
}

void run_on_gpu(const Call& call, const aotgemm_launch& options) {
    static Conversion kernel{"tcgen05_mma"};
    sm100::MmaParams parameters = parameters_of(call);
    const CudaDevice& device = cuda_device(call.d.device_id);
    const ContextScope scope(device);
    launch(device, kernel.cubin_for(device),
           {.grid = checked_grid("d", sm100::mma_blocks(parameters)),
            .threads = sm100::kMmaThreads,
            .shared_bytes = sm100::kMmaSharedBytes},
           options.stream, &parameters);
}

}  // namespace

void tcgen05_mma(const char* kind_name, const MmaArgument& a, const MmaArgument& b, const aotgemm_tensor& d,
                 const aotgemm_launch& options) {
    const MmaKindOnHost& kind = find_named(kMmaKinds, "kind", kind_name);
    const MmaElement& type_a = find_named(kind.elements, "type_a", a.type);
    const MmaElement& type_b = find_named(kind.elements, "type_b", b.type);
    if (!kind.mixes) find_named(std::span(&type_a, 1), "type_b", b.type);
    const Call call{kind, type_a, type_b, a, b, d};
    check(call);
    check_limits(call);
    if (is_empty(d) || call.steps() == 0) return;
    if (d.device_type != AOTGEMM_CPU) return run_on_gpu(call, options);
    if (!settings().compile_only) run_on_cpu(call);
}

}  // namespace aotgemm
