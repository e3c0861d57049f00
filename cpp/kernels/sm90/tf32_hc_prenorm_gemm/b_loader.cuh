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

// A step's four elements at even places of K, or at odd ones, rounded.
__device__ __forceinline__ uint4 tf32_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return make_uint4(tf32_of(a), tf32_of(b), tf32_of(c), tf32_of(d));
}

__device__ __forceinline__ void store_chunk(uint32_t shared, const uint4& chunk) {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(shared), "r"(chunk.x), "r"(chunk.y), "r"(chunk.z),
                 "r"(chunk.w)
                 : "memory");
}

// A loader has a warp for every eight rows of B, which loads four rows in each of two passes, a step a lane. Several loaders
// take K blocks in turn.
template <class Config>
struct BLoader {
    static constexpr int kPasses = 2;
    static constexpr int kAhead = Config::kStagesB / Config::kLoaders;  // K blocks in registers
    struct Held {
        uint4 chunks[kPasses][2];
    };

    const HcPrenormParams& params;
    uint32_t shared;
    int loader, warp, lane;  // warp: of the loader

    __device__ __forceinline__ int row(int pass) const { return warp * 8 + pass * 4 + lane / 8; }

    __device__ __forceinline__ void run() const {
        KBlockStream blocks(params);
        Held held[kAhead];
        int32_t waiting = 0;  // blocks in registers
        bool has_next = skip(blocks, loader);
#pragma unroll
        for (int i = 0; i < kAhead; ++i) load_next(blocks, held[i], waiting, has_next);
        for (uint32_t parity = 1;; parity ^= 1) {
#pragma unroll
            for (int i = 0; i < kAhead; ++i) {
                if (waiting == 0) return;
                store(held[i], i * Config::kLoaders + loader, parity);
                --waiting;
                load_next(blocks, held[i], waiting, has_next);
            }
        }
    }

   private:
    __device__ __forceinline__ void load_next(KBlockStream& blocks, Held& held, int32_t& waiting,
                                              bool& has_next) const {
        if (!has_next || !blocks.next()) {
            has_next = false;
            return;
        }
        ++waiting;
        const float* block = params.b + int64_t{blocks.block} * kPrenormBlockK + lane % 8 * 8;
#pragma unroll
        for (int pass = 0; pass < kPasses; ++pass) {
            const auto* step = reinterpret_cast<const uint4*>(block + row(pass) * params.b_row_stride);
            held.chunks[pass][0] = step[0];
            held.chunks[pass][1] = step[1];
        }
        has_next = skip(blocks, Config::kLoaders - 1);
    }

    // Blocks that are other loaders'; false if there are not so many.
    __device__ __forceinline__ static bool skip(KBlockStream& blocks, int count) {
        for (int i = 0; i < count; ++i) {
            if (!blocks.next()) return false;
        }
        return true;
    }

    // Lanes of a step in the second half of the K block store the odd elements first, so that no two lanes of a row store
    // to the same banks at a time.
    __device__ __forceinline__ void store(const Held& held, int stage, uint32_t parity) const {
        const StageBarriers barriers{shared + Config::kOffsetBarriersB};
        const int step = lane % 8, is_upper = step / 4;
        ptx::mbarrier_wait(barriers.empty(stage), parity);
#pragma unroll
        for (int pass = 0; pass < kPasses; ++pass) {
            const uint4 &low = held.chunks[pass][0], &high = held.chunks[pass][1];
            const uint4 even = tf32_of(low.x, low.z, high.x, high.z), odd = tf32_of(low.y, low.w, high.y, high.w);
            const uint32_t line = shared + Config::kOffsetB + stage * Config::kStageBytesB +
                                  is_upper * Config::kHalfBytesB + row(pass) * 128;
            const int first = (step % 4 * 2 + is_upper) ^ row(pass) % 8;
            store_chunk(line + first * 16, is_upper ? odd : even);
            store_chunk(line + (first ^ 1) * 16, is_upper ? even : odd);
        }
        ptx::fence_async_proxy();
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(barriers.full(stage));
    }
};

}  // namespace aotgemm::sm90
