// Which rows of a grouped matrix count, for kernels that take rows one by one.
#pragma once

#include <cstdint>

namespace aotgemm {

enum class RowRule : int32_t {
    all,         // every row
    contiguous,  // index[row] is 0 or more
    psum,        // from where a group starts to index[group], which is where it ends
    masked       // the first index[group] of each group
};

// index: on the device, with one element for each row (contiguous) or each group. Groups of psum start at the end of the
// group before them, rounded up to a multiple of `alignment`.
struct LiveRows {
    const int32_t* index;
    RowRule rule;
    int32_t groups;  // elements of index (psum)
    int32_t alignment;
};

}  // namespace aotgemm
