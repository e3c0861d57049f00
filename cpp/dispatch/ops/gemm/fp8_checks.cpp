#include "dispatch/ops/gemm/fp8_checks.hpp"

namespace aotgemm {

void check_fp8_dtypes(const aotgemm_tensor& a, const aotgemm_tensor& sfa, const aotgemm_tensor& b, const aotgemm_tensor& sfb) {
    check_dtype({"a", a}, {AOTGEMM_FP8_E4M3});
    check_dtype({"sfa", sfa}, {AOTGEMM_FP32});
    check_dtype({"b", b}, {AOTGEMM_FP8_E4M3});
    check_dtype({"sfb", sfb}, {AOTGEMM_FP32});
}

void check_n_and_k(int64_t n, int64_t k) {
    if (n % 8 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", n, ", must be a multiple of 8; the nearest is ", align_up(n, 8));
    }
    if (k % 16 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "a: K is ", k, ", must be a multiple of 16; the nearest is ", align_up(k, 16));
    }
}

void check_tma_sizes(std::initializer_list<int64_t> sizes) {
    constexpr int64_t kMost = INT32_MAX - 512;
    for (const int64_t size : sizes) {
        if (size > kMost) fail(AOTGEMM_ERROR_SHAPE, "a, b: a size is ", size, ", allowed is at most ", kMost);
    }
}

}  // namespace aotgemm
