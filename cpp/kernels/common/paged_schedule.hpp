// The schedule of paged logits: keys of sequences in splits of 256, dealt out to slots in equal parts. For host and
// device.
#pragma once

#include <cstdint>

namespace aotgemm {

// Part of the interface: schedules made elsewhere count in it.
constexpr int kPagedSplitKeys = 256;

constexpr int kPagedScheduleThreads = 256;  // of the one thread block

struct PagedScheduleParams {
    const int32_t* lengths;  // keys of the first sequence
    int64_t lengths_stride;
    int32_t* schedule;  // [slots + 1, 2]
    int32_t sequences, slots;
};

}  // namespace aotgemm
