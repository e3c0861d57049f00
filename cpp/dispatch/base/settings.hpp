// Process-wide settings, read at each call.
#pragma once

#include <atomic>
#include <cstdint>

namespace aotgemm {

// Architectures that GEMMs have kernels for.
inline constexpr const char* kArchs[] = {"sm_90a", "sm_100a"};

struct Settings {
    std::atomic<int32_t> num_sms{0};  // SMs a launch may use; 0 for all
    std::atomic<int32_t> psum_alignment{128};  // rows at a multiple of which groups of a psum call start
    std::atomic<bool> pdl{false};     // programmatic dependent launch
    std::atomic<bool> compile_only{false};  // check and load, but launch nothing
    std::atomic<const char*> cpu_arch{kArchs[0]};  // that a call on CPU operands speaks for
};

inline Settings& settings() {
    static Settings instance;
    return instance;
}

}  // namespace aotgemm
