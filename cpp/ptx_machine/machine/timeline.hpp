// A picture of how a cluster's warps, copies and matrix instructions follow each other.
//
// The machine has no time. For the picture each instruction of a warp counts one step, who waits goes on where those
// whom it waited for are, a copy takes kCopySteps, and a wgmma or tcgen05.mma of N columns N / kColumnsOfStep steps of
// its tensor core. So the order is right and lengths are not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace aotgemm::ptx_machine {

inline constexpr std::uint64_t kCopySteps = 400;
inline constexpr int kColumnsOfStep = 4;

enum class SpanKind : std::uint8_t { runs, waits, load, store, wgmma };

struct Span {
    std::string row;
    SpanKind kind;
    std::uint64_t start, end;
    std::string label;
    int line;
};

class Timeline {
   public:
    void add(Span span) {
        if (span.end > span.start) spans_.push_back(std::move(span));
    }
    // A page of its own: no other file, no network.
    std::string html(const std::string& title) const;

   private:
    std::vector<Span> spans_;
};

}  // namespace aotgemm::ptx_machine
