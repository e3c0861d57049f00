// Whose turn it is in a cluster.
#pragma once

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

class Scheduler {
   public:
    Scheduler(Machine& machine, Cluster& cluster);

    // Runs the cluster to its end. Throws GridStopped where it cannot go on.
    void run();

   private:
    Warp* pick();
    void run_for(Warp& warp, std::uint64_t instructions);
    void run_checked(Warp& warp, std::uint64_t instructions);
    bool let_something_take_effect();
    [[noreturn]] void deadlock();
    void leave(Warp& warp);
    std::uint64_t quantum();

    Machine& machine_;
    Cluster& cluster_;
    std::vector<Warp*> warps_;
    std::size_t last_ = 0;
};

}  // namespace aotgemm::ptx_machine
