// Short vectors of a width fixed at compile time, and the choice of that width at run time.
//
// The arithmetic is written once, as always-inlined templates over Lanes<bytes>; each translation unit instantiates
// it in one function per instruction set. Inlining into a function with a `target` attribute compiles the body for
// that instruction set, so a baseline x86-64 build stays portable and still runs at full width.
#pragma once

#include <cstdint>

#include "emulation/core/host_cpu.hpp"

#define AOTGEMM_INLINE [[gnu::always_inline]] inline

#if defined(__x86_64__)
#define AOTGEMM_TARGET_AVX2 [[gnu::target("avx2,fma")]]
// Each compiler has a word of its own for "use the whole register", and drops the whole attribute, with a mere warning,
// where it meets another's. Clang 18 to 21 also want evex512, without which they split 512 bits in two.
#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 21
#define AOTGEMM_TARGET_AVX512 \
    [[gnu::target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,evex512"), clang::min_vector_width(512)]]
#elif defined(__clang__)
#define AOTGEMM_TARGET_AVX512 \
    [[gnu::target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"), clang::min_vector_width(512)]]
#else
#define AOTGEMM_TARGET_AVX512 [[gnu::target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]]
#endif
#else
// Elsewhere every instantiation is compiled for the build's own target and only the baseline is called.
#define AOTGEMM_TARGET_AVX2
#define AOTGEMM_TARGET_AVX512
#endif

namespace aotgemm::emulation {

// The vector types that fill (or, with fewer bits an element, match lane for lane) a register of kBytes.
template <int kBytes>
struct Lanes {
    static constexpr int kCount32 = kBytes / 4;
    static constexpr int kCount64 = kBytes / 8;
    typedef float Float __attribute__((vector_size(kBytes)));
    typedef std::int32_t Int __attribute__((vector_size(kBytes)));
    typedef std::uint8_t Byte __attribute__((vector_size(kBytes)));
    typedef double Double __attribute__((vector_size(kBytes)));
    typedef std::int64_t Long __attribute__((vector_size(kBytes)));
    typedef std::uint8_t BytePer32 __attribute__((vector_size(kBytes / 4)));
    typedef std::int32_t IntPer64 __attribute__((vector_size(kBytes / 2)));
    typedef float FloatPer64 __attribute__((vector_size(kBytes / 2)));
};

template <class Vector, class Element>
AOTGEMM_INLINE void load(Vector& vector, const Element* elements) {
    __builtin_memcpy(&vector, elements, sizeof(Vector));
}

template <class Vector, class Element>
AOTGEMM_INLINE void store(Element* elements, const Vector& vector) {
    __builtin_memcpy(elements, &vector, sizeof(Vector));
}

}  // namespace aotgemm::emulation
