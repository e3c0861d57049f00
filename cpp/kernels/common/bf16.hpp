// An element of a BF16 tensor.
#pragma once

#include <cstdint>

namespace aotgemm {

struct Bf16 {
    uint16_t bits;
};

}  // namespace aotgemm
