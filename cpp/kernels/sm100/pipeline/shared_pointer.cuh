// From an address in shared memory to the pointer that CUTLASS's wrappers take.
#pragma once

#include <cstdint>

namespace aotgemm::sm100 {

// The compiler drops the way there and back.
template <class T>
__device__ __forceinline__ T* shared_pointer(uint32_t address) {
    return static_cast<T*>(__cvta_shared_to_generic(address));
}

}  // namespace aotgemm::sm100
