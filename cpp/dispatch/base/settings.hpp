// Process-wide settings, read at each call.
#pragma once

#include <atomic>
#include <cstdint>

namespace aotgemm {

struct Settings {
    std::atomic<int32_t> num_sms{0};  // SMs a launch may use; 0 for all
    std::atomic<int32_t> psum_alignment{128};  // rows at a multiple of which groups of a psum call start
    std::atomic<bool> pdl{false};     // programmatic dependent launch
    std::atomic<bool> compile_only{false};  // check and load, but launch nothing
};

inline Settings& settings() {
    static Settings instance;
    return instance;
}

}  // namespace aotgemm
