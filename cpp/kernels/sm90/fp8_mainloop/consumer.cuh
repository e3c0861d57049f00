// The consumer warpgroup of the FP8 families: pipelined where the registers hold the partial sums of several passes,
// otherwise serial.
#pragma once

#include <type_traits>

#include "sm90/fp8_mainloop/pipelined_consumer.cuh"
#include "sm90/fp8_mainloop/serial_consumer.cuh"

namespace aotgemm::sm90 {

template <class Config>
using Fp8Consumer =
    std::conditional_t<Config::kInFlight == 1, SerialConsumer<Config>, PipelinedConsumer<Config>>;

}  // namespace aotgemm::sm90
