// Indexer logits of a panel of keys as sm_100a computes them.
#pragma once

#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm::emulation::sm100 {

void compute_mqa_panel_fp8(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch);
void compute_mqa_panel_fp4(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch);

}  // namespace aotgemm::emulation::sm100
