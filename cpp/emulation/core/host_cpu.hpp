// Which vector instructions this processor and its system offer, read from CPUID itself: the compiler's own question
// (`__builtin_cpu_supports`) needs a symbol of the compiler's runtime, which not every toolchain links.
// Source of the bit numbers: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace aotgemm::emulation {

enum class InstructionSet { baseline, avx2, avx512 };

#if defined(__x86_64__)

struct CpuidBits {
    static constexpr unsigned kFma = 1u << 12, kOsxsave = 1u << 27, kAvx = 1u << 28;               // leaf 1, ECX
    static constexpr unsigned kAvx2 = 1u << 5, kAvx512f = 1u << 16, kAvx512dq = 1u << 17;          // leaf 7, EBX
    static constexpr unsigned kAvx512bw = 1u << 30, kAvx512vl = 1u << 31;                          // leaf 7, EBX
    static constexpr unsigned kYmmState = 0x6, kZmmState = 0xe6;                                   // XCR0
};

// The register state that the system saves at a switch of threads. Defined only where CPUID says OSXSAVE.
inline unsigned saved_register_state() {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

inline InstructionSet read_instruction_set() {
    unsigned eax, ebx, ecx, edx;
    const auto all = [](unsigned value, unsigned bits) { return (value & bits) == bits; };
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) ||
        !all(ecx, CpuidBits::kFma | CpuidBits::kOsxsave | CpuidBits::kAvx)) {
        return InstructionSet::baseline;
    }
    const unsigned state = saved_register_state();
    if (!all(state, CpuidBits::kYmmState) || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) ||
        !all(ebx, CpuidBits::kAvx2)) {
        return InstructionSet::baseline;
    }
    const unsigned avx512 =
        CpuidBits::kAvx512f | CpuidBits::kAvx512dq | CpuidBits::kAvx512bw | CpuidBits::kAvx512vl;
    return all(state, CpuidBits::kZmmState) && all(ebx, avx512) ? InstructionSet::avx512 : InstructionSet::avx2;
}

#else

inline InstructionSet read_instruction_set() { return InstructionSet::baseline; }

#endif

inline InstructionSet host_instruction_set() {
    static const InstructionSet set = read_instruction_set();
    return set;
}

}  // namespace aotgemm::emulation
