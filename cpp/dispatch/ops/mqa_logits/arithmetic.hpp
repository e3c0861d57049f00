// By which architecture's arithmetic a call of the indexer's logits is computed.
#pragma once

#include <cstring>

#include "dispatch/runtime/device.hpp"
#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm {

// Whether the tensor's GPU is one, or the CPU speaks for one.
inline bool is_sm100(const aotgemm_tensor& tensor) { return std::strcmp(arch_of(tensor), "sm_100a") == 0; }

inline emulation::MqaArithmetic mqa_arithmetic(const aotgemm_tensor& logits, bool is_fp4) {
    if (is_fp4) return emulation::MqaArithmetic::sm100_fp4;
    return is_sm100(logits) ? emulation::MqaArithmetic::sm100_fp8 : emulation::MqaArithmetic::sm90_fp8;
}

}  // namespace aotgemm
