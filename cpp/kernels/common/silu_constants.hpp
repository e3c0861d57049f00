// Constants of the exponential in SwiGLU, shared by the kernel and the CPU backend.
#pragma once

namespace aotgemm {

inline constexpr float kLog2E = 0x1.715476p+0f;
// Added to a number below 2^22, it leaves the nearest integer in the low bits of the mantissa.
inline constexpr float kRoundingShift = 0x1.8p+23f;
// n runs from -126 to 128.
inline constexpr float kSiluLargest = 88.7f, kSiluLeast = -87.3f;
// Within it, n runs from -126 to 126.
inline constexpr float kSiluNear = 87.0f;
// 2^f = 1 + First f + Second f^2 + ...: of all such polynomials of degree 5 about the least largest relative error for
// |f| <= 1/2, 9.2e-8; fitted by repeated weighted least squares (Lawson's method), rounded to FP32.
inline constexpr float kExp2First = 0x1.62e42ap-1f, kExp2Second = 0x1.ebf9bcp-3f, kExp2Third = 0x1.c6b754p-5f,
                       kExp2Fourth = 0x1.3cea80p-7f, kExp2Fifth = 0x1.5bb9e2p-10f;

}  // namespace aotgemm
