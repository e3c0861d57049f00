#include "ptx_machine/driver/settings.hpp"

#include <cstdlib>
#include <sstream>

namespace aotgemm::ptx_machine {
namespace {

std::string variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

Settings read() {
    Settings out;
    out.ptx_folder = variable("AOTGEMM_PTX_FOLDER", "");
    out.findings = variable("AOTGEMM_PTX_FINDINGS", "");
    out.launches = variable("AOTGEMM_PTX_LAUNCHES", "");
    out.timeline = variable("AOTGEMM_PTX_TIMELINE", "");
    out.checks = variable("AOTGEMM_PTX_CHECKS", "1") != "0";
    out.strict = variable("AOTGEMM_PTX_LEVEL", "strict") != "public";
    out.devices = std::stoi(variable("AOTGEMM_PTX_DEVICES", "1"));
    out.multiprocessors = std::stoi(variable("AOTGEMM_PTX_SMS", "132"));
    std::istringstream capability(variable("AOTGEMM_PTX_CAPABILITY", "9.0"));
    char dot = '.';
    capability >> out.major >> dot >> out.minor;
    std::istringstream schedules(variable("AOTGEMM_PTX_SCHEDULES", "in_turn"));
    for (std::string name; schedules >> name;) out.schedules.push_back(name);
    return out;
}

}  // namespace

const Settings& settings() {
    static const Settings settings = read();
    return settings;
}

}  // namespace aotgemm::ptx_machine
