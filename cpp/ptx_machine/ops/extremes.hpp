// The lesser and the greater of two integers, as instructions and atomic operations take them.
#pragma once

#include <algorithm>

namespace aotgemm::ptx_machine {

struct Minimum {
    template <class T>
    static T of(T a, T b) {
        return std::min(a, b);
    }
};

struct Maximum {
    template <class T>
    static T of(T a, T b) {
        return std::max(a, b);
    }
};

}  // namespace aotgemm::ptx_machine
