// Loader warps of B: FP32 from global memory to registers, rounded to TF32, to shared memory in the order in which the
// fragments of A have K.
//
// Why not by TMA: a thread finds two neighbours of K in each word of BF16 that ldmatrix brings, elements 2t and 2t + 1 of
// every eight (t: lane % 4), where a fragment of A in TF32 has slots t and t + 4. A step of wgmma sums its eight products
// exactly, so their order inside the step changes no bit. So slots 0 to 3 are elements 0, 2, 4, 6 and slots 4 to 7 are
// 1, 3, 5, 7, and B is stored in that order: 16 bytes of even elements, 16 bytes of odd ones, in each 32.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/work.cuh"

namespace aotgemm::sm90 {

// FP32 to TF32, round to nearest even.
__device__ __forceinline__ uint32_t tf32_of(uint32_t bits) {
    uint32_t rounded;
    asm("cvt.rn.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(bits)));
    return rounded;
}

__device__ __forceinline__ void store_pair(uint32_t shared, uint32_t first, uint32_t second) {
    asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(shared), "r"(first), "r"(second) : "memory");
}

// A warp loads eight rows of B: in each of four passes 128 bytes of each of four rows, 16 bytes a lane.
template <class Config>
struct BLoader {
    static constexpr int kPasses = 4;
    static constexpr int kAhead = kPrenormStagesB;  // K blocks in registers
    struct Held {
        uint4 chunks[kPasses];
    };

    const HcPrenormParams& params;
    uint32_t shared;
    int warp, lane;  // warp: among the loaders

    __device__ __forceinline__ int row(int pass) const { return warp * 8 + pass % 2 * 4 + lane / 8; }

    __device__ __forceinline__ void run() const {
        KBlockStream blocks(params);
        Held held[kAhead];
        int32_t waiting = 0;  // blocks in registers
        bool has_next = true;
#pragma unroll
        for (int i = 0; i < kAhead; ++i) load_next(blocks, held[i], waiting, has_next);
        for (uint32_t parity = 1;; parity ^= 1) {
#pragma unroll
            for (int i = 0; i < kAhead; ++i) {
                if (waiting == 0) return;
                store(held[i], i, parity);
                --waiting;
                load_next(blocks, held[i], waiting, has_next);
            }
        }
    }

   private:
    __device__ __forceinline__ void load_next(KBlockStream& blocks, Held& held, int32_t& waiting,
                                              bool& has_next) const {
        if (!has_next) return;
        has_next = blocks.next();
        if (!has_next) return;
        ++waiting;
        const float* block = params.b + int64_t{blocks.block} * kPrenormBlockK + lane % 8 * 4;
#pragma unroll
        for (int pass = 0; pass < kPasses; ++pass) {
            const float* chunk = block + row(pass) * params.b_row_stride + pass / 2 * 32;
            held.chunks[pass] = *reinterpret_cast<const uint4*>(chunk);
        }
    }

    // Even elements of four go to one half of a 16-byte chunk, odd ones to the same half of the next.
    __device__ __forceinline__ void store(const Held& held, int stage, uint32_t parity) const {
        const StageBarriers barriers{shared + Config::kOffsetBarriersB};
        ptx::mbarrier_wait(barriers.empty(stage), parity);
#pragma unroll
        for (int pass = 0; pass < kPasses; ++pass) {
            const uint4& chunk = held.chunks[pass];
            const int group = lane % 8 / 2, half = lane % 2;
            const uint32_t line = shared + Config::kOffsetB + stage * Config::kStageBytesB +
                                  pass / 2 * Config::kHalfBytesB + row(pass) * 128 + half * 8;
            store_pair(line + ((2 * group) ^ row(pass) % 8) * 16, tf32_of(chunk.x), tf32_of(chunk.z));
            store_pair(line + ((2 * group + 1) ^ row(pass) % 8) * 16, tf32_of(chunk.y), tf32_of(chunk.w));
        }
        ptx::fence_async_proxy();
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(barriers.full(stage));
    }
};

}  // namespace aotgemm::sm90
