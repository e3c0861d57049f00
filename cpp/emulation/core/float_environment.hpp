// Rounding to nearest and denormals kept, whatever the calling thread has set.
#pragma once

#include <cstdint>

namespace aotgemm::emulation {

// Some programs flush denormals to zero for speed; the result must not depend on that.
class DefaultFloatEnvironment {
public:
    DefaultFloatEnvironment() : saved_(read()) { write(kDefault); }
    ~DefaultFloatEnvironment() { write(saved_); }
    DefaultFloatEnvironment(const DefaultFloatEnvironment&) = delete;
    DefaultFloatEnvironment& operator=(const DefaultFloatEnvironment&) = delete;

private:
#if defined(__x86_64__)
    using Control = unsigned int;
    static constexpr Control kDefault = 0x1F80;  // MXCSR at process start: all exceptions masked
    static Control read() { return __builtin_ia32_stmxcsr(); }
    static void write(Control control) { __builtin_ia32_ldmxcsr(control); }
#elif defined(__aarch64__)
    using Control = std::uint64_t;
    static constexpr Control kDefault = 0;  // FPCR at process start
    static Control read() {
        Control control;
        asm volatile("mrs %0, fpcr" : "=r"(control));
        return control;
    }
    static void write(Control control) { asm volatile("msr fpcr, %0" ::"r"(control)); }
#else
#error "the CPU backend knows the floating-point control register of x86-64 and aarch64 only"
#endif
    Control saved_;
};

}  // namespace aotgemm::emulation
