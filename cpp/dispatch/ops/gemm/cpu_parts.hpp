// What the families hand to the CPU backend: a GEMM for each part of a call.
#pragma once

#include <span>
#include <vector>

#include "dispatch/ops/gemm/rows.hpp"
#include "emulation/core/skipped_columns.hpp"

namespace aotgemm {

// make(part) of every part, each as a dense call, in their order.
template <class Gemm, class Make>
std::vector<Gemm> gemm_of_each(const GemmCall& call, std::span<const GemmPart> parts, Make make) {
    std::vector<Gemm> gemms;
    gemms.reserve(parts.size());
    for (const GemmPart& part : parts) gemms.push_back(make(part_of(call, part)));
    return gemms;
}

// The columns of D between the parts of a head, which a call with heads leaves as they are.
inline emulation::SkippedColumns skipped_columns_of(const GemmCall& call) {
    const int64_t left = call.given->head_left, mid = call.given->head_mid, right = call.given->head_right;
    return {.period = mid == 0 ? 0 : left + right, .before = left, .width = mid};
}

}  // namespace aotgemm
