// The plan in force, and the check that every call makes against it.
#pragma once

#include <atomic>
#include <string>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct PlanInForce;

// nullptr while there is none. Read without a lock by every call.
extern std::atomic<const PlanInForce*> plan_in_force;

void load_plan(const aotgemm_plan* plan, aotgemm_plan_mode mode);
aotgemm_plan_mode plan_mode(const PlanInForce* plan);

void hold_against_plan(const PlanInForce& plan, const aotgemm_problem& problem, const aotgemm_device* device,
                       int32_t kernel);

// Fails with AOTGEMM_ERROR_PLAN if a strict plan does not have this call. device: nullptr on the CPU, where no kernel
// runs and `kernel` is -1. Costs one load where there is no plan.
inline void check_plan(const aotgemm_problem& problem, const aotgemm_device* device, int32_t kernel) {
    if (const PlanInForce* plan = plan_in_force.load(std::memory_order_acquire)) {
        hold_against_plan(*plan, problem, device, kernel);
    }
}

// Leaves a sentence for the calling thread, and takes what was left.
void leave_plan_warning(const std::string& sentence);
const char* take_plan_warning();

}  // namespace aotgemm
