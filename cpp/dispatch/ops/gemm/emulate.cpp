#include "dispatch/ops/gemm/emulate.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/ops/gemm/views.hpp"

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

}  // namespace aotgemm
