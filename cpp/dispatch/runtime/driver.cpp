#include "dispatch/runtime/driver.hpp"

#include <dlfcn.h>

namespace aotgemm {
namespace {

struct Opened {
    Driver functions{};
    std::string reason;  // why it can't be used, or ""
};

template <class Function>
void resolve(void* library, const char* symbol, Function& function, std::string& missing) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
    if (function == nullptr) missing += missing.empty() ? symbol : text(", ", symbol);
}

Opened open_driver() {
    Opened opened;
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        opened.reason = "there is no NVIDIA driver on this machine (libcuda.so.1 cannot be opened)";
        return opened;
    }
    std::string missing;
#define AOTGEMM_RESOLVE(name, symbol) resolve(library, #symbol, opened.functions.name, missing);
    AOTGEMM_DRIVER_FUNCTIONS(AOTGEMM_RESOLVE)
#undef AOTGEMM_RESOLVE
    if (!missing.empty()) {
        opened.reason = text("the NVIDIA driver is too old for aotgemm (CUDA 12.8 or newer is needed): it lacks ", missing);
        return opened;
    }
    const CUresult started = opened.functions.cuInit(0);
    if (started != CUDA_SUCCESS) {
        const char* words = nullptr;
        opened.functions.cuGetErrorString(started, &words);
        opened.reason = text("the NVIDIA driver does not start: cuInit returned ", static_cast<int>(started), " (",
                             words != nullptr ? words : "unknown error", ")");
        return opened;
    }
    int count = 0;
    opened.functions.cuDeviceGetCount(&count);
    if (count == 0) opened.reason = "the NVIDIA driver sees no CUDA device";
    return opened;
}

const Opened& opened_driver() {
    static const Opened opened = open_driver();
    return opened;
}

}  // namespace

const Driver& driver() {
    const Opened& opened = opened_driver();
    if (!opened.reason.empty()) fail(AOTGEMM_ERROR_DEVICE, "a CUDA device was asked for, but ", opened.reason);
    return opened.functions;
}

const std::string& driver_unavailable_reason() { return opened_driver().reason; }

void check_cuda(CUresult result, const char* call, const std::string& purpose) {
    if (result == CUDA_SUCCESS) return;
    const char* name = nullptr;
    const char* words = nullptr;
    driver().cuGetErrorName(result, &name);
    driver().cuGetErrorString(result, &words);
    fail(AOTGEMM_ERROR_CUDA, call, purpose.empty() ? "" : " ", purpose, ": the driver returned ",
         name != nullptr ? name : "an unknown code", " (", static_cast<int>(result), ", ",
         words != nullptr ? words : "no description", ")");
}

}  // namespace aotgemm
