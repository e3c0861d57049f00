// Arguments and launch shape of cast_dims, shared by host and device.
#pragma once

#include "common/bf16.hpp"
#include "common/host_device.hpp"

namespace aotgemm {

inline constexpr int kCastDims = 4;

// Some dimensions of x, and with them of q and sf; those that are not there have the size 1. Strides count elements.
struct DimsOfCast {
    int64_t size[kCastDims];
    int64_t x_stride[kCastDims], q_stride[kCastDims], sf_stride[kCastDims];
};

// Where an element lies, in elements from the first.
struct PlaceOfCast {
    int64_t x, q, sf;
};

// Of the index-th combination of indices, the last dimension's running first.
AOTGEMM_HOST_DEVICE inline PlaceOfCast place_in(const DimsOfCast& dims, int64_t index) {
    PlaceOfCast place{0, 0, 0};
    for (int i = kCastDims - 1; i >= 0; --i) {
        const int64_t at = index % dims.size[i];
        index /= dims.size[i];
        place = {place.x + at * dims.x_stride[i], place.q + at * dims.q_stride[i], place.sf + at * dims.sf_stride[i]};
    }
    return place;
}

// x -> q of the same sizes, FP8 E4M3, with a scale for each of `scales` combinations of the indices that are kept, over
// the `elements` of all others. Strides of sf are 0 along those.
struct CastDimsParams {
    const void* x;
    uint8_t* q;
    float* sf;
    DimsOfCast kept, others;
    int64_t scales, elements;
    int32_t use_ue8m0;
};

inline constexpr int kCastDimsThreads = 256;
inline constexpr int kCastDimsWarps = kCastDimsThreads / 32;  // each has a scale

// Launch: kCastDimsThreads threads, this many blocks, no dynamic shared memory.
constexpr int64_t cast_dims_blocks(const CastDimsParams& params) {
    return (params.scales + kCastDimsWarps - 1) / kCastDimsWarps;
}

}  // namespace aotgemm
