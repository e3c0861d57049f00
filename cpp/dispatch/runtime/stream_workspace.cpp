#include "dispatch/runtime/stream_workspace.hpp"

#include <array>
#include <atomic>

namespace aotgemm {
namespace {

struct Slot {
    std::atomic<uint64_t> stream{0};  // its driver's number + 1; 0 while the slot is free
    std::mutex mutex;
    CUdeviceptr memory = 0;
};

using Slots = std::array<Slot, StreamWorkspace::kStreams>;

// Never freed: a process ends with kernels under way.
Slots& slots_of(const CudaDevice& device) {
    static auto& slots = *new std::array<Slots, kMaxDevices>();
    return slots[device.handle];
}

// The default stream cannot be captured, so that it is not asked (CUDA driver API, cuStreamBeginCapture). An error is no
// leave to use memory that outlives the call.
bool is_captured(CUstream stream) {
    if (stream == nullptr) return false;
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    return driver().cuStreamIsCapturing(stream, &status) != CUDA_SUCCESS || status != CU_STREAM_CAPTURE_STATUS_NONE;
}

// 0 where the device has none left. The relaxed mode keeps an allocation from breaking what another thread captures.
CUdeviceptr allocate() {
    CUdeviceptr memory = 0;
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    check_cuda(driver().cuThreadExchangeStreamCaptureMode(&mode), "cuThreadExchangeStreamCaptureMode");
    const CUresult result = driver().cuMemAlloc(&memory, StreamWorkspace::kBytes);
    check_cuda(driver().cuThreadExchangeStreamCaptureMode(&mode), "cuThreadExchangeStreamCaptureMode");
    return result == CUDA_SUCCESS ? memory : 0;
}

// Null for a stream too many.
Slot* claim(Slots& slots, uint64_t stream) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    for (Slot& slot : slots) {
        const uint64_t owner = slot.stream.load(std::memory_order_acquire);
        if (owner == stream) return &slot;
        if (owner != 0) continue;
        slot.memory = allocate();
        slot.stream.store(stream, std::memory_order_release);
        return &slot;
    }
    return nullptr;
}

// The driver's number of a stream, + 1. A driver numbers streams once and for all; the handle of a destroyed one comes
// again while its kernels still run. The default stream is never destroyed, so that its number is asked for once.
uint64_t number_of(const CudaDevice& device, CUstream stream) {
    static std::array<std::atomic<uint64_t>, kMaxDevices> of_default_streams{};
    std::atomic<uint64_t>& of_default = of_default_streams[device.handle];
    if (stream == nullptr) {
        if (const uint64_t known = of_default.load(std::memory_order_relaxed)) return known;
    }
    unsigned long long number = 0;
    check_cuda(driver().cuStreamGetId(stream, &number), "cuStreamGetId");
    if (stream == nullptr) of_default.store(number + 1, std::memory_order_relaxed);
    return number + 1;
}

Slot* find_slot(const CudaDevice& device, CUstream stream) {
    const uint64_t number = number_of(device, stream);
    Slots& slots = slots_of(device);
    for (Slot& slot : slots) {
        const uint64_t owner = slot.stream.load(std::memory_order_acquire);
        if (owner == number) return &slot;
        if (owner == 0) break;
    }
    return claim(slots, number);
}

int64_t padded(int64_t bytes) {
    return (bytes + StreamWorkspace::kAlignment - 1) / StreamWorkspace::kAlignment * StreamWorkspace::kAlignment;
}

}  // namespace

StreamWorkspace::StreamWorkspace(const CudaDevice& device, void* stream, std::initializer_list<int64_t> parts) {
    const auto handle = static_cast<CUstream>(stream);
    int64_t needed = 0;
    for (const int64_t bytes : parts) needed += padded(bytes);
    if (needed > kBytes || is_captured(handle)) return;
    Slot* slot = find_slot(device, handle);
    if (slot == nullptr || slot->memory == 0) return;
    lock_ = std::unique_lock(slot->mutex);
    next_ = slot->memory;
}

void* StreamWorkspace::take(int64_t bytes) {
    if (next_ == 0) return nullptr;
    const CUdeviceptr taken = next_;
    next_ += static_cast<CUdeviceptr>(padded(bytes));
    return reinterpret_cast<void*>(taken);
}

}  // namespace aotgemm
