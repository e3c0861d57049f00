// Where each slot of the schedule begins: {sequence, split}. One thread block; a thread counts the splits of some
// neighbouring sequences, then finds the beginnings of some slots.
// Host side: cpp/dispatch/ops/mqa_logits/schedule.cpp. CPU twin: cpp/emulation/ops/paged_mqa_logits.cpp.
#pragma once

#include "common/paged_schedule.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

__device__ __forceinline__ int32_t splits_of(const PagedScheduleParams& params, int32_t sequence) {
    const int32_t length = max(params.lengths[sequence * params.lengths_stride], 0);
    return length / kPagedSplitKeys + (length % kPagedSplitKeys != 0 ? 1 : 0);
}

// ends[i] = the sum of all values to that of thread i. All threads call it.
__device__ __forceinline__ void scan_block(int32_t (&ends)[kPagedScheduleThreads], int32_t value) {
    const int thread = threadIdx.x;
    ends[thread] = value;
    __syncthreads();
    for (int distance = 1; distance < kPagedScheduleThreads; distance *= 2) {
        const int32_t before = thread >= distance ? ends[thread - distance] : 0;
        __syncthreads();
        ends[thread] += before;
        __syncthreads();
    }
}

// The first thread whose sequences reach beyond `start`; kPagedScheduleThreads if none does.
__device__ __forceinline__ int32_t thread_of(const int32_t (&ends)[kPagedScheduleThreads], int32_t start) {
    int32_t low = 0, high = kPagedScheduleThreads;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (ends[middle] > start) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

__device__ __forceinline__ void paged_mqa_schedule(const PagedScheduleParams& params) {
    __shared__ int32_t ends[kPagedScheduleThreads];
    ptx::griddepcontrol_wait();
    const int32_t thread = static_cast<int32_t>(threadIdx.x);
    const int32_t per_thread = (params.sequences + kPagedScheduleThreads - 1) / kPagedScheduleThreads;
    const int32_t first = thread * per_thread, last = min(first + per_thread, params.sequences);
    int32_t own = 0;
    for (int32_t sequence = first; sequence < last; ++sequence) own += splits_of(params, sequence);
    scan_block(ends, own);
    const int32_t total = ends[kPagedScheduleThreads - 1];
    const int32_t each = total / params.slots, longer = total % params.slots;  // the last slots have one split more
    for (int32_t slot = thread; slot <= params.slots; slot += kPagedScheduleThreads) {
        const int32_t start = slot * each + max(0, slot - (params.slots - longer));
        const int32_t owner = thread_of(ends, start);
        int32_t sequence = min(owner * per_thread, params.sequences), before = 0;
        if (owner > 0) before = ends[owner - 1];
        if (owner < kPagedScheduleThreads) {
            for (int32_t splits; start >= before + (splits = splits_of(params, sequence)); ++sequence) before += splits;
        }
        params.schedule[2 * static_cast<int64_t>(slot)] = owner < kPagedScheduleThreads ? sequence : params.sequences;
        params.schedule[2 * static_cast<int64_t>(slot) + 1] = start - before;
    }
    ptx::griddepcontrol_launch_dependents();
}

}  // namespace aotgemm
