#include "dispatch/observe/call_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/select/selection.hpp"

namespace aotgemm {

std::atomic<int> call_lines_file{-1};

namespace {

std::string now() {
    using namespace std::chrono;
    const auto since = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    char digits[32];
    std::snprintf(digits, sizeof digits, "%lld.%06lld", static_cast<long long>(since / 1000000),
                  static_cast<long long>(since % 1000000));
    return digits;
}

// Quotes inside are doubled, as in every CSV.
std::string quoted(const std::string& sentence) {
    std::string out = "\"";
    for (const char letter : sentence) {
        if (letter == '"') out += '"';
        out += letter;
    }
    return out + '"';
}

// A line that cannot be written is lost: the call it tells of must not fail for it.
void write_line(const std::string& values) {
    const std::string line = "aotgemm,1," + now() + "," + values + "\n";
    [[maybe_unused]] const ssize_t written = write(call_lines_file.load(std::memory_order_relaxed), line.data(), line.size());
}

std::string why(const aotgemm_problem& problem, const aotgemm_device* device, int32_t kernel) {
    if (device == nullptr) return "the operands are on the CPU";
    const aotgemm_selection selection = select_kernel(problem, *device);
    return selection.kernel == kernel ? selection.reason : "the caller asked for this kernel";
}

}  // namespace

void write_call_line(const aotgemm_problem& problem, const aotgemm_device* device, int32_t kernel) {
    const int32_t sms = device == nullptr       ? 0
                        : problem.num_sms > 0 ? std::min(problem.num_sms, device->num_sms)
                                              : device->num_sms;
    write_line(text(problem.family, ",", problem.grouping, ",", problem.layout, ",", problem.out_dtype, ",", problem.m,
                    ",", problem.n, ",", problem.k, ",", problem.groups, ",", sms, ",",
                    kernel >= 0 ? kSpecs[kernel].name : "cpu", ",", quoted(why(problem, device, kernel))));
}

void write_launch_line(int32_t cubin) {
    const char* name = kCubins[cubin].name;
    const bool is_gemm = std::any_of(kSpecs, kSpecs + kSpecCount, [&](const aotgemm_spec& spec) {
        return std::strcmp(spec.name, name) == 0;
    });
    if (!is_gemm) write_line(text(",,,,,,,,,", name, ",", quoted("the only kernel of its operation")));
}

}  // namespace aotgemm
