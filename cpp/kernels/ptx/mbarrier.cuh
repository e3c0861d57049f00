// Shared-memory barriers (PTX ISA, "mbarrier") of the Hopper pipelines. Addresses are 32-bit shared-window addresses.
#pragma once

#include <cstdint>

namespace aotgemm::ptx {

__device__ __forceinline__ uint32_t shared_address(const void* pointer) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

__device__ __forceinline__ void mbarrier_init(uint32_t barrier, uint32_t arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// Makes initialised barriers visible to the other blocks of the cluster and to the TMA.
__device__ __forceinline__ void mbarrier_init_fence() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void mbarrier_arrive(uint32_t barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Arrives on the barrier at the same offset in the shared memory of another block of the cluster. Block scope is
// enough: the arrival signals that this warp's reads are complete, and cluster scope would wait for all of its memory
// traffic (measured on an H100 80GB HBM3, 2026-11-24: 8192 x 8192 x 8192 took twice as long).
__device__ __forceinline__ void mbarrier_arrive_cluster(uint32_t barrier, uint32_t cluster_rank) {
    asm volatile(
        "{\n"
        ".reg .b32 remote;\n"
        "mapa.shared::cluster.u32 remote, %0, %1;\n"
        "mbarrier.arrive.shared::cluster.b64 _, [remote];\n"
        "}\n" ::"r"(barrier),
        "r"(cluster_rank)
        : "memory");
}

// One arrival that also announces the bytes that the TMA will load.
__device__ __forceinline__ void mbarrier_arrive_expect_tx(uint32_t barrier, uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

__device__ __forceinline__ void mbarrier_wait(uint32_t barrier, uint32_t parity) {
    asm volatile(
        "{\n"
        ".reg .pred done;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@!done bra again;\n"
        "}\n" ::"r"(barrier),
        "r"(parity)
        : "memory");
}

// Tests without waiting whether the phase is complete: 1 or 0, for mbarrier_wait_unless.
__device__ __forceinline__ uint32_t mbarrier_test_wait(uint32_t barrier, uint32_t parity) {
    uint32_t over;
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        "mbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.b32 %0, 1, 0, p;\n"
        "}\n"
        : "=r"(over)
        : "r"(barrier), "r"(parity)
        : "memory");
    return over;
}

// Waits for the phase unless `over` says that it is complete.
__device__ __forceinline__ void mbarrier_wait_unless(uint32_t over, uint32_t barrier, uint32_t parity) {
    asm volatile(
        "{\n"
        ".reg .pred done;\n"
        "setp.ne.u32 done, %2, 0;\n"
        "@done bra over;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@!done bra again;\n"
        "over:\n"
        "}\n" ::"r"(barrier),
        "r"(parity), "r"(over)
        : "memory");
}

}  // namespace aotgemm::ptx
