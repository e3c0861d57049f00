// Python's integers, which have no bounds, as those of the C ABI, which have.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace aotgemm::python {

inline constexpr std::int64_t kLeastInt64 = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kMostInt64 = std::numeric_limits<std::int64_t>::max();

// A whole number of any type that has __index__. name: of the argument. Raises DtypeError for anything else, ShapeError
// for a number that is not from least to most.
std::int64_t read_integer(const std::string& name, nanobind::handle given, std::int64_t least = kLeastInt64,
                          std::int64_t most = kMostInt64);

// The same with the bounds of int.
int read_int(const std::string& name, nanobind::handle given, int least = std::numeric_limits<int>::min());

// Of a CUDA device. Raises DeviceError for a number that is no int of C.
int read_ordinal(nanobind::handle given);

// Such numbers from a sequence. Raises DtypeError for what is none.
std::vector<std::int64_t> read_integers(const std::string& name, nanobind::handle given);

}  // namespace aotgemm::python
