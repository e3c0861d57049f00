// What the environment tells the driver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

struct Settings {
    std::string ptx_folder;  // AOTGEMM_PTX_FOLDER: NAME.ptx of each kernel
    std::string findings;  // AOTGEMM_PTX_FINDINGS: findings are appended here, a line of JSON each; "": standard error
    std::string launches;  // AOTGEMM_PTX_LAUNCHES: launches are appended here, a line of JSON each; "": nowhere
    // AOTGEMM_PTX_SCHEDULES, separated by blanks; every launch runs under each. "seeds:N" stands for N seeds, other
    // ones for every launch.
    std::vector<std::string> schedules;
    std::string timeline;       // AOTGEMM_PTX_TIMELINE: a picture of the last launch, in HTML; "": none
    bool checks = true;         // AOTGEMM_PTX_CHECKS: 0 turns the checker off
    bool strict = true;         // AOTGEMM_PTX_LEVEL: "strict", or "public" for kernels that are not ours
    int devices = 1;            // AOTGEMM_PTX_DEVICES
    int multiprocessors = 132;  // AOTGEMM_PTX_SMS
    int major = 9, minor = 0;   // AOTGEMM_PTX_CAPABILITY, as in "9.0"
};

const Settings& settings();

}  // namespace aotgemm::ptx_machine
