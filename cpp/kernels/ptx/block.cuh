// Registers, named barriers, clusters, shared memory and matrix stores: single PTX instructions without a CUDA C++
// function, under their PTX names where they have a short one.
#pragma once

#include <cstdint>

namespace aotgemm::ptx {

template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_dec() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_inc() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// Waits at named barrier `id` (0 is that of __syncthreads) for `threads` threads.
__device__ __forceinline__ void named_barrier_sync(int id, int threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// named_barrier_sync with a vote: true for all threads if `value` is true for all.
__device__ __forceinline__ bool named_barrier_all(int id, int threads, bool value) {
    int all;
    asm volatile(
        "{\n"
        ".reg .pred p, q;\n"
        "setp.ne.s32 p, %3, 0;\n"
        "barrier.cta.red.and.aligned.pred q, %1, %2, p;\n"
        "selp.s32 %0, 1, 0, q;\n"
        "}\n"
        : "=r"(all)
        : "r"(id), "r"(threads), "r"(static_cast<int>(value))
        : "memory");
    return all != 0;
}

__device__ __forceinline__ uint32_t cluster_rank() {
    uint32_t rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

__device__ __forceinline__ void cluster_sync() {
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// True for one lane of the (converged) warp, always the same lane.
__device__ __forceinline__ bool elect_one() {
    uint32_t elected;
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        "elect.sync _|p, 0xFFFFFFFF;\n"
        "selp.b32 %0, 1, 0, p;\n"
        "}\n"
        : "=r"(elected));
    return elected != 0;
}

// Programmatic dependent launch: waits for the kernels that this one depends on; lets the next kernel start its
// prologue.
__device__ __forceinline__ void griddepcontrol_wait() { asm volatile("griddepcontrol.wait;" ::: "memory"); }
__device__ __forceinline__ void griddepcontrol_launch_dependents() {
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

// Two FP32 to packed BF16, round to nearest even; `low` becomes the low half.
__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
    uint32_t packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

__device__ __forceinline__ int32_t load_word(uint32_t shared) {
    int32_t value;
    asm volatile("ld.shared.s32 %0, [%1];" : "=r"(value) : "r"(shared) : "memory");
    return value;
}
__device__ __forceinline__ void store_word(uint32_t shared, int32_t value) {
    asm volatile("st.shared.s32 [%0], %1;" ::"r"(shared), "r"(value) : "memory");
}
__device__ __forceinline__ void store_4_words(uint32_t shared, int32_t a, int32_t b, int32_t c, int32_t d) {
    asm volatile("st.shared.v4.s32 [%0], {%1, %2, %3, %4};" ::"r"(shared), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}

__device__ __forceinline__ void load_words(float& first, float& second, uint32_t shared) {
    asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(first), "=f"(second) : "r"(shared) : "memory");
}

// Loads one FP32 of shared memory, or two adjacent ones, if `wanted` is not 0; otherwise the value stays as it is.
__device__ __forceinline__ void load_word_if(uint32_t wanted, float& value, uint32_t shared) {
    asm volatile(
        "{\n"
        ".reg .pred wanted;\n"
        "setp.ne.u32 wanted, %2, 0;\n"
        "@wanted ld.shared.f32 %0, [%1];\n"
        "}\n"
        : "+f"(value)
        : "r"(shared), "r"(wanted)
        : "memory");
}
__device__ __forceinline__ void load_words_if(uint32_t wanted, float& first, float& second, uint32_t shared) {
    asm volatile(
        "{\n"
        ".reg .pred wanted;\n"
        "setp.ne.u32 wanted, %3, 0;\n"
        "@wanted ld.shared.v2.f32 {%0, %1}, [%2];\n"
        "}\n"
        : "+f"(first), "+f"(second)
        : "r"(shared), "r"(wanted)
        : "memory");
}

__device__ __forceinline__ uint4 load_16_bytes(uint32_t shared) {
    uint4 values;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(values.x), "=r"(values.y), "=r"(values.z), "=r"(values.w)
                 : "r"(shared)
                 : "memory");
    return values;
}

// Loads four 8x8 matrices of 16-bit elements, in the layout of stmatrix<false>.
__device__ __forceinline__ uint4 ldmatrix(uint32_t shared) {
    uint4 pairs;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(pairs.x), "=r"(pairs.y), "=r"(pairs.z), "=r"(pairs.w)
                 : "r"(shared)
                 : "memory");
    return pairs;
}

// Stores two or four 8x8 matrices of 16-bit elements; lane i gives the address of row i % 8 of matrix i / 8.
template <bool kTranspose>
__device__ __forceinline__ void stmatrix(uint32_t shared, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    if constexpr (kTranspose) {
        asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(shared), "r"(a),
                     "r"(b), "r"(c), "r"(d)
                     : "memory");
    } else {
        asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(shared), "r"(a), "r"(b),
                     "r"(c), "r"(d)
                     : "memory");
    }
}

template <bool kTranspose>
__device__ __forceinline__ void stmatrix(uint32_t shared, uint32_t a, uint32_t b) {
    if constexpr (kTranspose) {
        asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};" ::"r"(shared), "r"(a), "r"(b)
                     : "memory");
    } else {
        asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(shared), "r"(a), "r"(b)
                     : "memory");
    }
}

}  // namespace aotgemm::ptx
