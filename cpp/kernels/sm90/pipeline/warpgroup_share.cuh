// Which part of a tile is whose: the consumer's that multiplies it, and that of the warp that moves its boxes.
#pragma once

namespace aotgemm::sm90 {

// The share of consumer warpgroup `group`, on the instruction's M and N side.
template <class Config>
struct WarpgroupShare {
    int group;

    __device__ __forceinline__ int first_row(int pass) const {
        return Config::kSplitColumns ? 0 : (group * Config::kPasses + pass) * 64;
    }
    __device__ __forceinline__ int first_column() const {
        return Config::kSplitColumns ? group * Config::kInstructionN : 0;
    }
};

}  // namespace aotgemm::sm90
