// Problems of the C ABI, whose words may be missing.
#pragma once

#include "dispatch/base/failure.hpp"

namespace aotgemm {

inline const aotgemm_problem& required_problem(const aotgemm_problem* problem) {
    const aotgemm_problem& given = required("problem", problem);
    required("family", given.family);
    required("grouping", given.grouping);
    required("layout", given.layout);
    required("out_dtype", given.out_dtype);
    return given;
}

}  // namespace aotgemm
