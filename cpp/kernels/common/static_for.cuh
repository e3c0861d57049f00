// A loop that the compiler unrolls into straight-line code: the body gets its index as a constant.
#pragma once

namespace aotgemm {

template <int kValue>
struct Constant {
    __host__ __device__ constexpr operator int() const { return kValue; }
};

template <int kCount, int kFirst = 0, class Body>
__device__ __forceinline__ void static_for(const Body& body) {
    if constexpr (kFirst < kCount) {
        body(Constant<kFirst>{});
        static_for<kCount, kFirst + 1>(body);
    }
}

}  // namespace aotgemm
