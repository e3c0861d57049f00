// Family mqa_logits on the CPU.
#pragma once

#include "emulation/emulation.hpp"
#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm::emulation {

// For each row i of queries and each key j in [starts[i], ends[i]), cut to the keys there are,
//   logit = (sum over heads of relu(q[i, head] . k[j]) * weights[i, head]) * k_scales[j], summed as in
//   aotgemm_fp8_fp4_mqa_logits (cpp/include/aotgemm/aotgemm.h). In FP4 both scales are in the dot product.
struct MqaLogits {
    MqaArithmetic arithmetic;
    Matrix<const std::uint8_t> q;   // [rows * heads, bytes of a head]
    const std::uint32_t* q_scales;  // FP4: [rows * heads]
    int heads;                      // 16, 32 or 64
    Matrix<const std::uint8_t> k;   // [keys, bytes of a head]
    const void* k_scales;           // FP32, or FP4's words
    Matrix<const float> weights;  // [rows, heads]
    const std::int32_t *starts, *ends;
    Matrix<void> logits;  // [rows, width]
    bool compressed;      // key j lies in column j - starts[i], not j
    bool clean;           // columns of no key become -infinity; otherwise they stay as they are
};

void mqa_logits(const MqaLogits& call, OutType type, int threads);

}  // namespace aotgemm::emulation
