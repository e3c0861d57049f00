// Sizes rounded up.
#pragma once

namespace aotgemm {

constexpr int align_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace aotgemm
