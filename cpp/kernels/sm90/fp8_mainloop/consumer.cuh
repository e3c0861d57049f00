// A consumer warpgroup of the FP8 families: of two kinds, by how many partial sums the registers hold.
#pragma once

#include <type_traits>

#include "sm90/fp8_mainloop/pipelined_consumer.cuh"
#include "sm90/fp8_mainloop/serial_consumer.cuh"

namespace aotgemm::sm90 {

template <class Config>
using Fp8Consumer =
    std::conditional_t<Config::kInFlight == 1, SerialConsumer<Config>, PipelinedConsumer<Config>>;

}  // namespace aotgemm::sm90
