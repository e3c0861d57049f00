// The registers of a warp: memory that is zero, and costs only where it is touched. nvcc writes PTX with thousands of
// registers, of which a launch uses some hundreds.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace aotgemm::ptx_machine {

class RegisterFile {
   public:
    RegisterFile() = default;
    explicit RegisterFile(std::size_t words) : bytes_(words * sizeof(std::uint32_t)) {
        void* memory =
            mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        words_ = static_cast<std::uint32_t*>(memory);
    }
    RegisterFile(RegisterFile&& other) noexcept
        : words_(std::exchange(other.words_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    RegisterFile& operator=(RegisterFile&& other) noexcept {
        std::swap(words_, other.words_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~RegisterFile() {
        if (words_ != nullptr) munmap(words_, bytes_);
    }

    bool empty() const { return words_ == nullptr; }
    std::uint32_t* words() const { return words_; }
    // Small files are used all over and by many warps in turn: writing zeros costs less than new pages.
    void clear() {
        if (bytes_ <= kSmall) std::memset(words_, 0, bytes_);
        else madvise(words_, bytes_, MADV_DONTNEED);
    }

   private:
    static constexpr std::size_t kSmall = 512 * 1024;

    std::uint32_t* words_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace aotgemm::ptx_machine
