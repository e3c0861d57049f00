// Counts what differs between CuTe and the kernels.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

constexpr uint32_t kSharedBytes = 232448;
inline uint64_t alteration = 0;  // bits turned over in what the kernels have
inline long compared = 0, differing = 0;

inline void compare(const char* what, int first, int second, uint64_t theirs, uint64_t ours) {
    ours ^= alteration;
    ++compared;
    if (theirs == ours || ++differing > 10) return;
    std::fprintf(stderr, "%s (%d, %d): CuTe has %016llx, the kernels have %016llx\n", what, first, second,
                 static_cast<unsigned long long>(theirs), static_cast<unsigned long long>(ours));
}

inline void read_alteration(int count, char** arguments) {
    if (count > 1) alteration = std::strtoull(arguments[1], nullptr, 16);
}

// The program's exit status.
inline int report() {
    std::fprintf(stderr, "%ld of %ld differ\n", differing, compared);
    return differing != 0;
}
