// Family fp8_fp4_gemm_1d1d on the CPU: weights become FP8 once, then fp8_gemm_1d1d. Device twin:
// cpp/kernels/sm90/fp8_fp4_gemm_1d1d/kernel.cuh.
#include "emulation/ops/fp8_fp4_gemm_1d1d.hpp"

#include <array>
#include <bit>
#include <memory>
#include <vector>

#include "emulation/ops/fp8_gemm_1d1d.hpp"
#include "kernels/common/fp4_words.hpp"

namespace aotgemm::emulation {
namespace {

constexpr std::int64_t kBlock = kFp4BlockK, kSteps = kFp4BlockK / kFp4StepK, kThreadsOfRow = 4, kHalf = kFp4StepK / 2;

// E4M3 of the magnitudes of FP4 for each shift that five bits say.
constexpr auto kCodes = [] {
    std::array<std::array<std::uint8_t, 8>, kFp4Shifts> codes{};
    for (std::uint32_t shift = 0; shift < kFp4Shifts; ++shift)
        for (std::uint32_t magnitude = 0; magnitude < 8; ++magnitude)
            codes[shift][magnitude] = static_cast<std::uint8_t>(fp8_of_fp4_magnitude(magnitude, shift));
    return codes;
}();

// The two times four codes of a word, to their columns of a step.
void decode_word(std::uint32_t word, const std::array<std::uint8_t, 8>& codes, std::uint8_t* first) {
    for (int n = 0; n < 4; ++n) {
        const std::uint32_t sign = word >> (8 * n) & 0x80, second_sign = word << 4 >> (8 * n) & 0x80;
        first[n] = static_cast<std::uint8_t>(codes[word >> (4 * n) & 7] | sign);
        first[kHalf + n] = static_cast<std::uint8_t>(codes[word >> (16 + 4 * n) & 7] | second_sign);
    }
}

// B of one GEMM in FP8, its rows adjacent, and its scales.
class DecodedWeights {
   public:
    explicit DecodedWeights(const Fp8Fp4Gemm1d1d& gemm)
        : rows_(gemm.words.rows), columns_(gemm.a.cols), blocks_((columns_ + kBlock - 1) / kBlock),
          codes_(new std::uint8_t[static_cast<std::size_t>(rows_ * blocks_ * kBlock)]),
          scales_(new float[static_cast<std::size_t>(rows_ * blocks_)]) {
        for (std::int64_t row = 0; row < rows_; ++row)
            for (std::int64_t block = 0; block < blocks_; ++block) decode_block(gemm, row, block);
    }

    Matrix<const std::uint8_t> codes() const { return {codes_.get(), rows_, columns_, blocks_ * kBlock, 1}; }
    Matrix<const float> scales() const { return {scales_.get(), rows_, blocks_, blocks_, 1}; }

   private:
    void decode_block(const Fp8Fp4Gemm1d1d& gemm, std::int64_t row, std::int64_t block) {
        const std::uint32_t scales = gemm.scales.data[row * gemm.scales.row_stride + block * gemm.scales.col_stride];
        scales_[row * blocks_ + block] = std::bit_cast<float>(fp4_block_scale_bits(scales));
        const std::uint32_t* words =
            gemm.words.data + row * gemm.words.row_stride + block * (kBlock / kFp4CodesOfWord) * gemm.words.col_stride;
        std::uint8_t* out = codes_.get() + (row * blocks_ + block) * kBlock;
        for (std::int64_t thread = 0; thread < kThreadsOfRow; ++thread)
            for (std::int64_t step = 0; step < kSteps; ++step)
                decode_word(words[(thread * kSteps + step) * gemm.words.col_stride],
                            kCodes[fp4_shift_of_step(scales, static_cast<std::uint32_t>(step))],
                            out + step * kFp4StepK + thread * 4);
    }

    std::int64_t rows_, columns_, blocks_;
    std::unique_ptr<std::uint8_t[]> codes_;
    std::unique_ptr<float[]> scales_;
};

}  // namespace

void fp8_fp4_gemm_1d1d(std::span<const Fp8Fp4Gemm1d1d> gemms, int threads) {
    std::vector<DecodedWeights> weights;
    weights.reserve(gemms.size());
    std::vector<Fp8Gemm1d1d> decoded;
    for (const Fp8Fp4Gemm1d1d& gemm : gemms) {
        const DecodedWeights& b = weights.emplace_back(gemm);
        decoded.push_back({.a = gemm.a, .sfa = gemm.sfa, .b = b.codes(), .sfb = b.scales(), .c = gemm.c, .d = gemm.d});
    }
    fp8_gemm_1d1d(decoded, OutType::bf16, threads);
}

}  // namespace aotgemm::emulation
