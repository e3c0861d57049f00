#include "dispatch/base/extent.hpp"

#include <algorithm>
#include <array>

namespace aotgemm {
namespace {

using Wide = __int128;  // sums of what fits int64

// Bytes from data to the first element and behind the last.
struct Reach {
    int64_t below, above;
};

constexpr int64_t kMostReach = int64_t{1} << 60;  // in bytes, and more than any processor's addresses span

// Nothing if it is more than kMostReach.

std::optional<Reach> reach_of(const aotgemm_tensor& tensor) {
    int64_t below = 0, above = 1;  // elements
    for (int i = 0; i < tensor.ndim; ++i) {
        int64_t step = 0;
        if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.stride[i], &step)) return std::nullopt;
        if (__builtin_add_overflow(step < 0 ? below : above, step, step < 0 ? &below : &above)) return std::nullopt;
    }
    const int64_t bytes = element_bytes(tensor.dtype);
    if (__builtin_mul_overflow(below, bytes, &below) || __builtin_mul_overflow(above, bytes, &above)) return std::nullopt;
    if (below < -kMostReach || above > kMostReach) return std::nullopt;
    return Reach{below, above};
}

// Addresses of a tensor's bytes, relative to its first, are the sums of one multiple of each step, 0 to `most` times it.
struct Step {
    int64_t bytes, most;
};

// Steps of two tensors, ascending and each once: two equal steps are one that may be taken as often as both.
struct Steps {
    std::array<Step, 10> steps;
    int count = 0;

    void add(int64_t bytes, int64_t most) {
        if (bytes == 0) return;
        int at = 0;
        while (at < count && steps[at].bytes < bytes) ++at;
        if (at < count && steps[at].bytes == bytes) {
            steps[at].most += most;
            return;
        }
        std::copy_backward(steps.begin() + at, steps.begin() + count, steps.begin() + count + 1);
        steps[at] = {bytes, most};
        ++count;
    }

    void add(const aotgemm_tensor& tensor) {
        const int64_t bytes = element_bytes(tensor.dtype);
        if (bytes > 1) add(1, bytes - 1);
        for (int i = 0; i < tensor.ndim; ++i) {
            if (tensor.shape[i] <= 1) continue;
            const int64_t stride = tensor.stride[i] * bytes;
            add(stride < 0 ? -stride : stride, tensor.shape[i] - 1);
        }
    }

    // Small steps without gaps become one run: multiples of 1.
    void merge_runs() {
        while (count > 1 && steps[0].bytes == 1 && steps[1].bytes <= steps[0].most + 1) {
            steps[0].most += steps[1].bytes * steps[1].most;
            std::copy(steps.begin() + 2, steps.begin() + count, steps.begin() + 1);
            --count;
        }
    }
};

// So many sums are tried: tensors of a million rows or so. What lies more intricately counts as shared.
constexpr int kMostTries = 1 << 20;

// Whether the first `count` steps add up to the distance. rest: the most that they can.
bool reaches(const Steps& all, int count, Wide distance, Wide rest, int& tries) {
    if (distance < 0 || distance > rest) return false;
    if (count == 0) return true;
    const Step& step = all.steps[count - 1];
    const Wide smaller = rest - Wide{step.bytes} * step.most;
    const Wide least = distance > smaller ? (distance - smaller + step.bytes - 1) / step.bytes : 0;
    const Wide most = std::min<Wide>(distance / step.bytes, step.most);
    for (Wide taken = most; taken >= least; --taken) {
        if (++tries > kMostTries || reaches(all, count - 1, distance - taken * step.bytes, smaller, tries)) return true;
    }
    return false;
}

bool meet(const Extent& x, const Extent& y) { return x.first < y.end && y.first < x.end; }

Extent extent_of(const aotgemm_tensor& tensor, const Reach& reach) {
    const auto data = reinterpret_cast<uintptr_t>(tensor.data);
    return {data + static_cast<uintptr_t>(reach.below), data + static_cast<uintptr_t>(reach.above)};
}

bool is_same_view(const aotgemm_tensor& x, const aotgemm_tensor& y) {
    if (x.data != y.data || x.dtype != y.dtype || x.ndim != y.ndim) return false;
    for (int i = 0; i < x.ndim; ++i) {
        if (x.shape[i] != y.shape[i] || (x.shape[i] > 1 && x.stride[i] != y.stride[i])) return false;
    }
    return true;
}

bool overlap(const PlacedOperand& x, const PlacedOperand& y) {
    return meet(x.extent, y.extent) && share_memory(*x.tensor, *y.tensor);
}

[[noreturn]] void fail_memory(const Operand& operand) {
    check_address(operand);
    check_alignment(operand, element_bytes(operand.tensor.dtype));
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": its strides reach beyond 64-bit addresses, must stay within memory");
}

}  // namespace

void check_address(const Operand& operand) {
    if (operand.tensor.data != nullptr || is_empty(operand.tensor)) return;
    fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": data is null, must be where its elements are (memory that was freed, or a "
         "tensor of shapes alone, has no address)");
}

// A strided tensor in memory is by far the most frequent case, so all that can be wrong is looked for at once.
Extent check_memory(const Operand& operand) {
    const aotgemm_tensor& tensor = operand.tensor;
    if (is_empty(tensor)) return {};
    const std::optional<Reach> reach = reach_of(tensor);
    const Extent extent = reach ? extent_of(tensor, *reach) : Extent{};
    const uintptr_t data = reinterpret_cast<uintptr_t>(tensor.data);
    const bool is_misaligned = (data & static_cast<uintptr_t>(element_bytes(tensor.dtype) - 1)) != 0;
    if (data == 0 || is_misaligned || extent.first >= extent.end) fail_memory(operand);
    return extent;
}

// Byte r of y's last element but j, and of x's element i: x + steps * i + r = last of y - steps * j, with all counts from
// 0 on. So the distance of x's first byte to y's last is a sum of steps of both.
bool share_memory(const aotgemm_tensor& x, const aotgemm_tensor& y) {
    const Extent of_x = extent_of(x, *reach_of(x)), of_y = extent_of(y, *reach_of(y));
    Steps steps;
    steps.add(x);
    steps.add(y);
    steps.merge_runs();
    Wide rest = 0;
    for (int i = 0; i < steps.count; ++i) rest += Wide{steps.steps[i].bytes} * steps.steps[i].most;
    int tries = 0;
    return reaches(steps, steps.count, Wide{of_y.end} - 1 - Wide{of_x.first}, rest, tries);
}

void check_apart(const PlacedOperand& output, const PlacedOperand& other) {
    if (!overlap(output, other)) return;
    fail(AOTGEMM_ERROR_LAYOUT, output.name, ": shares memory with ", other.name, ", must lie apart from it");
}

void check_same_or_apart(const PlacedOperand& output, const PlacedOperand& other) {
    if (!meet(output.extent, other.extent) || is_same_view(*output.tensor, *other.tensor)) return;
    if (!share_memory(*output.tensor, *other.tensor)) return;
    fail(AOTGEMM_ERROR_LAYOUT, other.name, ": shares memory with ", output.name, ", must be ", output.name,
         " itself or lie apart from it");
}

void check_call_memory(std::initializer_list<Operand> outputs, std::initializer_list<Operand> inputs) {
    std::array<PlacedOperand, kMostOperands> placed;
    std::size_t count = 0;
    for (const Operand& output : outputs) {
        if (!is_empty(output.tensor)) check_no_overlap(output);
        placed.at(count++) = place(output);
    }
    for (const Operand& input : inputs) placed.at(count++) = place(input);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        for (std::size_t j = i + 1; j < count; ++j) check_apart(placed[i], placed[j]);
    }
}

}  // namespace aotgemm
