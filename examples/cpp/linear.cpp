// An FP8 linear layer through the C ABI, on the CPU: casts of activations and weights, then the GEMM.
#include <aotgemm/aotgemm.h>
#include <aotgemm/version.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::int64_t kM = 3, kN = 8, kK = 256, kBlock = 128;

void check(aotgemm_status status) {
    if (status == AOTGEMM_OK) return;
    std::fprintf(stderr, "aotgemm: %s\n", aotgemm_last_error());
    std::exit(1);
}

// A row-major matrix in host memory.
template <typename Element>
struct Matrix {
    Matrix(std::int64_t rows, std::int64_t columns, aotgemm_dtype dtype)
        : elements(static_cast<std::size_t>(rows * columns)) {
        tensor.data = elements.data();
        tensor.device_type = AOTGEMM_CPU;
        tensor.dtype = dtype;
        tensor.ndim = 2;
        tensor.shape[0] = rows;
        tensor.shape[1] = columns;
        tensor.stride[0] = columns;
        tensor.stride[1] = 1;
    }

    std::vector<Element> elements;
    aotgemm_tensor tensor{};
};

// D is BF16: the upper half of an FP32 number.
float widened(std::uint16_t bits) {
    const std::uint32_t whole = std::uint32_t{bits} << 16;
    float value;
    std::memcpy(&value, &whole, sizeof value);
    return value;
}

}  // namespace

int main() {
    static_assert(AOTGEMM_VERSION_MAJOR == 0, "written for 0.x");
    if (std::strcmp(aotgemm_version(), AOTGEMM_VERSION_STRING) != 0) {
        std::fprintf(stderr, "headers are %s, the library is %s\n", AOTGEMM_VERSION_STRING, aotgemm_version());
        return 1;
    }
    Matrix<float> x(kM, kK, AOTGEMM_FP32), w(kN, kK, AOTGEMM_FP32);
    for (std::int64_t i = 0; i < kM * kK; ++i) x.elements[i] = static_cast<float>(i / kK + 1);  // row m holds m + 1
    for (std::int64_t i = 0; i < kN * kK; ++i) w.elements[i] = 0.5f;

    Matrix<std::uint8_t> a(kM, kK, AOTGEMM_FP8_E4M3), b(kN, kK, AOTGEMM_FP8_E4M3);
    Matrix<float> sfa(kM, kK / kBlock, AOTGEMM_FP32), sfb(1, kK / kBlock, AOTGEMM_FP32);
    aotgemm_launch launch{};
    launch.kernel = -1;
    check(aotgemm_per_token_cast_to_fp8(&x.tensor, &a.tensor, &sfa.tensor, 1, &launch));
    check(aotgemm_per_block_cast_to_fp8(&w.tensor, &b.tensor, &sfb.tensor, 1, &launch));

    Matrix<std::uint16_t> d(kM, kN, AOTGEMM_BF16);
    check(aotgemm_fp8_gemm_nt(&a.tensor, &sfa.tensor, &b.tensor, &sfb.tensor, &d.tensor, &launch));
    for (std::int64_t m = 0; m < kM; ++m) std::printf("%g ", widened(d.elements[m * kN]));
    std::printf("aotgemm %s\n", aotgemm_version());
}
