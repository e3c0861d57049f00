// Device memory: host memory at the same addresses in every run, with a gap behind each allocation.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ptx_machine/check/global_memory.hpp"

namespace aotgemm::ptx_machine {

class DeviceMemory {
   public:
    using Contents = std::vector<std::vector<std::uint8_t>>;

    // 0: there is no more.
    std::uintptr_t allocate(std::size_t bytes);
    bool free(std::uintptr_t address);
    GlobalMemory& known() { return known_; }

    Contents contents() const;
    void restore(const Contents& contents);

   private:
    std::uintptr_t next_ = std::uintptr_t{1} << 44;
    std::map<std::uintptr_t, std::size_t> sizes_;
    GlobalMemory known_;
};

}  // namespace aotgemm::ptx_machine
