#include <stdexcept>

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

Schedule Schedule::parse(const std::string& text) {
    Schedule out;
    const std::size_t colon = text.find(':');
    const std::string name = text.substr(0, colon);
    const std::uint64_t number = colon == std::string::npos ? 0 : std::stoull(text.substr(colon + 1));
    if (name == "in_turn") return out;
    if (name == "consumers_first") {
        out.order = WarpOrder::consumers_first;
    } else if (name == "producers_first") {
        out.order = WarpOrder::producers_first;
    } else if (name == "late") {
        out.timing = AsyncTiming::late;
    } else if (name == "starve") {
        out.order = WarpOrder::starve_one;
        out.starved = static_cast<int>(number);
    } else if (name == "seed") {
        out.order = WarpOrder::random;
        out.timing = AsyncTiming::random;
        out.seed = number;
    } else {
        throw std::invalid_argument(
            "no schedule '" + text +
            "': in_turn, consumers_first, producers_first, late, starve:N and seed:N are allowed");
    }
    return out;
}

}  // namespace aotgemm::ptx_machine
