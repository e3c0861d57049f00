// How a failure travels inside the library: one exception, turned into a status and a sentence at the C ABI.
#pragma once

#include <exception>
#include <sstream>
#include <string>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Failure : std::exception {
    Failure(aotgemm_status status_, std::string sentence_) : status(status_), sentence(std::move(sentence_)) {}
    const char* what() const noexcept override { return sentence.c_str(); }

    aotgemm_status status;
    std::string sentence;
};

template <class... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

template <class... Parts>
[[noreturn]] void fail(aotgemm_status status, const Parts&... parts) {
    throw Failure(status, text(parts...));
}

// Fails if an argument of the C ABI is null.
inline void check_not_null(const char* name, const void* pointer) {
    if (pointer == nullptr) fail(AOTGEMM_ERROR_DTYPE, name, ": is null, must be an address");
}

// What such an argument points to.
template <class T>
T& required(const char* name, T* pointer) {
    check_not_null(name, pointer);
    return *pointer;
}

// The sentence behind aotgemm_last_error, for the calling thread.
std::string& last_error();

// Runs the body of a C ABI function.
template <class Body>
aotgemm_status guarded(Body&& body) {
    try {
        body();
        return AOTGEMM_OK;
    } catch (const Failure& failure) {
        last_error() = failure.sentence;
        return failure.status;
    } catch (const std::exception& error) {
        last_error() = error.what();
        return AOTGEMM_ERROR_INTERNAL;
    }
}

}  // namespace aotgemm
