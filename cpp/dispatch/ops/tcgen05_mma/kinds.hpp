// The kinds of tcgen05.mma, and what their operands may be.
#pragma once

#include <cstdint>
#include <span>

#include "emulation/sm100/mma.hpp"
#include "kernels/sm100/tcgen05_mma/params.hpp"

namespace aotgemm {

struct MmaElement {
    const char* name;
    emulation::MmaType type;
    int32_t bytes;
    int32_t format;  // in an instruction descriptor
    sm100::MmaPacking packing = sm100::MmaPacking::none;
};

inline constexpr MmaElement kElementsF16[] = {{"bf16", emulation::MmaType::bf16, 2, 1},
                                              {"fp16", emulation::MmaType::fp16, 2, 0}};
inline constexpr MmaElement kElementsTf32[] = {{"tf32", emulation::MmaType::tf32, 4, 2}};
inline constexpr MmaElement kElementsF8f6f4[] = {{"e4m3", emulation::MmaType::e4m3, 1, 0},
                                                 {"e5m2", emulation::MmaType::e5m2, 1, 1},
                                                 {"e2m1", emulation::MmaType::e2m1, 1, 5, sm100::MmaPacking::with_gaps}};
inline constexpr MmaElement kElementsMxf4[] = {{"e2m1", emulation::MmaType::e2m1, 1, 1, sm100::MmaPacking::packed}};

struct MmaKindOnHost {
    const char* name;
    sm100::MmaKind kind;
    std::span<const MmaElement> elements;
    bool mixes;                 // A and B may be of different types
    int32_t products, scales;   // of a row, in a step
    void (*step)(const emulation::MmaOperand& a, const emulation::MmaOperand& b, emulation::Matrix<float> d);
};

inline void mma_mxf4nvf4_ue4m3(const emulation::MmaOperand& a, const emulation::MmaOperand& b,
                               emulation::Matrix<float> d) {
    emulation::mma_mxf4nvf4(a, b, emulation::ScaleType::ue4m3, d);
}

inline constexpr MmaKindOnHost kMmaKinds[] = {
    {"f16", sm100::MmaKind::f16, kElementsF16, false, emulation::kMmaF16Step, 0, emulation::mma_f16},
    {"tf32", sm100::MmaKind::tf32, kElementsTf32, false, emulation::kMmaTf32Step, 0, emulation::mma_tf32},
    {"f8f6f4", sm100::MmaKind::f8f6f4, kElementsF8f6f4, true, emulation::kMmaF8f6f4Step, 0, emulation::mma_f8f6f4},
    {"mxf8f6f4", sm100::MmaKind::mxf8f6f4, kElementsF8f6f4, true, emulation::kMmaF8f6f4Step, 1, emulation::mma_f8f6f4},
    {"mxf4", sm100::MmaKind::mxf4, kElementsMxf4, true, emulation::kMmaMxf4Step, 2, emulation::mma_mxf4},
    {"mxf4nvf4", sm100::MmaKind::mxf4nvf4, kElementsMxf4, true, emulation::kMmaMxf4Step, 4, mma_mxf4nvf4_ue4m3},
};

}  // namespace aotgemm
