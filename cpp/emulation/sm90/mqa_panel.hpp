// Indexer logits of a panel of keys as sm_90a computes them.
#pragma once

#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm::emulation::sm90 {

void compute_mqa_panel(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch);

}  // namespace aotgemm::emulation::sm90
