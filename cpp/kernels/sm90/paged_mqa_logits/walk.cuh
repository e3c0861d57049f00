// A warp's walk through the thread block's slots of the schedule: the parts of sequences, one after the other.
#pragma once

#include <cstdint>

#include "sm90/paged_mqa_logits/params.hpp"

namespace aotgemm::sm90 {

// Keys [first, end) of a sequence.
struct PagedPart {
    int32_t sequence, first, end;
};

// Schedules may be made by others: what lies outside the sequences and their keys is left out. Each lane holds the length
// of one of 32 neighbouring sequences, so that reading it is waited for once and not for every part.
class PagedWalk {
public:
    __device__ __forceinline__ PagedWalk(const PagedMqaLogitsParams& params, int lane)
        : params_(params), lane_(lane), slot_(static_cast<int32_t>(blockIdx.x) - static_cast<int32_t>(gridDim.x)) {}

    // False if there is none. All lanes call it. opened(sequence, split): called where a slot begins, before the lengths are
    // read, so that what else the first part needs is on its way beside them; the part may turn out to be empty.
    template <class Opened>
    __device__ __forceinline__ bool next(PagedPart& part, const Opened& opened) {
        while (true) {
            while (sequence_ <= last_) {
                const int32_t keys = length_of(sequence_), splits = keys / kPagedSplitKeys + (keys % kPagedSplitKeys != 0 ? 1 : 0);
                const int32_t end = sequence_ == last_ ? min(last_split_, splits) : splits;
                const bool has_keys = split_ < end;
                if (has_keys) part = {sequence_, split_ * kPagedSplitKeys, end == splits ? keys : end * kPagedSplitKeys};
                ++sequence_;
                split_ = 0;
                if (has_keys) return true;
            }
            if (!open_next_slot(opened)) return false;
        }
    }

private:
    template <class Opened>
    __device__ __forceinline__ bool open_next_slot(const Opened& opened) {
        slot_ += static_cast<int32_t>(gridDim.x);
        if (slot_ >= params_.slots) return false;
        const int32_t* entry = params_.schedule + 2 * static_cast<int64_t>(slot_);
        sequence_ = entry[0];
        split_ = entry[1];
        last_ = min(entry[2], params_.sequences - 1);
        // Beyond the last sequence: all of it.
        last_split_ = entry[2] < params_.sequences ? max(entry[3], 0) : kAllSplits;
        if (sequence_ < 0 || split_ < 0) sequence_ = params_.sequences;
        first_length_ = sequence_;
        if (sequence_ <= last_) {
            opened(sequence_, split_);
            read_lengths();
        }
        return true;
    }

    __device__ __forceinline__ void read_lengths() {
        const int32_t own = first_length_ + lane_;
        length_ = own <= last_ ? params_.lengths[own * params_.lengths_stride] : 0;
    }

    // Of keys that have a column and an entry in the table.
    __device__ __forceinline__ int32_t length_of(int32_t sequence) {
        if (sequence - first_length_ == 32) {
            first_length_ = sequence;
            read_lengths();
        }
        const int32_t length = max(__shfl_sync(0xFFFFFFFF, length_, sequence - first_length_), 0);
        const int64_t most = min(params_.width, static_cast<int64_t>(params_.table_blocks) * params_.block_keys);
        return static_cast<int32_t>(min(most, static_cast<int64_t>(length)));
    }

    static constexpr int32_t kAllSplits = INT32_MAX;

    const PagedMqaLogitsParams& params_;
    int lane_;
    int32_t slot_;
    int32_t sequence_ = 0, split_ = 0, last_ = -1, last_split_ = 0;  // the next part's; the end of the slot
    int32_t first_length_ = 0, length_ = 0;                          // of sequence first_length_ + lane
};

}  // namespace aotgemm::sm90
