// What the machine found wrong with a kernel.
#pragma once

#include <cstdint>
#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace aotgemm::ptx_machine {

struct Finding {
    std::string kind;  // "race", "proxy-fence", "uninitialised", "mbarrier", "wgmma", "tma", "bounds", ...
    std::string kernel;
    int line = 0;        // of the PTX
    std::string text;    // the instruction
    std::string source;  // "file:line" of the C++, where -lineinfo put it into the PTX
    std::string where;   // block and warp
    std::string message, advice;

    std::string str() const;
    std::string json() const;
};

// The grid cannot go on; what is wrong is among the findings.
struct GridStopped : std::exception {
    const char* what() const noexcept override { return "the grid was stopped"; }
};

class Findings {
   public:
    // One of a kind for each instruction.
    void add(Finding finding) {
        if (!seen_.insert({finding.kind, finding.line}).second) return;
        all_.push_back(std::move(finding));
    }
    const std::vector<Finding>& all() const { return all_; }

   private:
    std::vector<Finding> all_;
    std::set<std::pair<std::string, int>> seen_;
};

}  // namespace aotgemm::ptx_machine
