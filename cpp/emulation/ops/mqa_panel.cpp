#include "emulation/ops/mqa_panel.hpp"

#include "emulation/core/output.hpp"
#include "emulation/sm100/mqa_panel.hpp"
#include "emulation/sm90/mqa_panel.hpp"

namespace aotgemm::emulation {
namespace {

template <class Out>
void store_row(const float* logits, int first, int last, void* out) {
    for (int j = first; j < last; ++j) round_to(with_canonical_nan(logits[j]), static_cast<Out*>(out)[j]);
}

}  // namespace

void compute_mqa_panel(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch) {
    switch (operands.arithmetic) {
        case MqaArithmetic::sm90_fp8: return sm90::compute_mqa_panel(operands, tile, scratch);
        case MqaArithmetic::sm100_fp8: return sm100::compute_mqa_panel_fp8(operands, tile, scratch);
        case MqaArithmetic::sm100_fp4: return sm100::compute_mqa_panel_fp4(operands, tile, scratch);
    }
}

void store_mqa_row(const float* logits, int first, int last, void* out, OutType type) {
    if (type == OutType::fp32) return store_row<float>(logits, first, last, out);
    store_row<std::uint16_t>(logits, first, last, out);
}

}  // namespace aotgemm::emulation
