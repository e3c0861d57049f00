#include "ptx_machine/driver/device_memory.hpp"

#include <sys/mman.h>

#include <cstring>

namespace aotgemm::ptx_machine {
namespace {

constexpr std::size_t kPage = 1 << 16;

std::size_t mapped(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

std::uintptr_t DeviceMemory::allocate(std::size_t bytes) {
    void* wanted = reinterpret_cast<void*>(next_);
    void* memory = mmap(wanted, mapped(bytes), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != wanted) return 0;
    const std::uintptr_t address = next_;
    sizes_[address] = bytes;
    known_.add(address, bytes);
    next_ += mapped(bytes) + kPage;
    return address;
}

bool DeviceMemory::free(std::uintptr_t address) {
    const auto found = sizes_.find(address);
    if (found == sizes_.end()) return false;
    munmap(reinterpret_cast<void*>(address), mapped(found->second));
    sizes_.erase(found);
    known_.remove(address);
    return true;
}

DeviceMemory::Contents DeviceMemory::contents() const {
    Contents out;
    for (const auto& [address, bytes] : sizes_) {
        const auto* first = reinterpret_cast<const std::uint8_t*>(address);
        out.emplace_back(first, first + bytes);
    }
    return out;
}

void DeviceMemory::restore(const Contents& contents) {
    std::size_t i = 0;
    for (const auto& [address, bytes] : sizes_)
        std::memcpy(reinterpret_cast<void*>(address), contents[i++].data(), bytes);
}

}  // namespace aotgemm::ptx_machine
