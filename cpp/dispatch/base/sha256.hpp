// SHA-256 (FIPS 180-4), to check embedded cubins where no other library may be linked.
#pragma once

#include <cstddef>
#include <string>

namespace aotgemm {

// 64 lower-case hex digits.
std::string sha256_hex(const unsigned char* data, std::size_t size);

}  // namespace aotgemm
