#include "dispatch/fp8_1d2d_grouped.hpp"

#include "dispatch/failure.hpp"

namespace aotgemm {

void launch_fp8_1d2d_grouped(const Fp8GroupedOperands&, const aotgemm_launch&) {
    fail(AOTGEMM_ERROR_KERNEL_MISSING, "no grouped fp8_1d2d kernel is compiled into this library; `aotgemm list` shows what is");
}

}  // namespace aotgemm
