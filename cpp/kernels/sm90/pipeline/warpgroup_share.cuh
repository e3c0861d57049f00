// The part of a tile that a consumer warpgroup computes, and that its store warp stores.
#pragma once

namespace aotgemm::sm90 {

// First row and column of consumer warpgroup `group` inside the tile, on the instruction's M and N side.
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
