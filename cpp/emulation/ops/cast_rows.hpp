// Casts with a scale for each row on the CPU.
#pragma once

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

enum class CastInput { bf16, fp32, silu_mul };  // silu_mul: BF16, gate in front of up
enum class CastCode { fp8, fp4 };

// Casts with a scale for each row and gran (at most 128) columns. x.cols counts the values of a row: with silu_mul x has
// twice as many columns. q: of codes, its stride in bytes. sf: float, or int32_t with four UE8M0; strides in its elements.
struct CastRows {
    CastInput input;
    CastCode code;
    Matrix<const void> x;
    std::uint8_t* q;
    std::int64_t q_row_stride;
    void* sf;
    std::int64_t sf_row_stride, sf_column_stride;
    bool is_packed;
    std::uint8_t pad_exponent;  // of packed scales: bytes of the last word that belong to no block
    bool use_ue8m0;
    int gran;
    float limit;  // of gate and up; infinity for none
};

void cast_rows(const CastRows& cast, int threads);

}  // namespace aotgemm::emulation
