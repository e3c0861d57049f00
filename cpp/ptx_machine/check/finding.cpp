#include "ptx_machine/check/finding.hpp"

#include <cstdio>

namespace aotgemm::ptx_machine {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof(escape), "\\u%04x", c);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

std::string Finding::str() const {
    std::string out = kind + ": " + message + "\n  at " + kernel + ", PTX line " + std::to_string(line);
    if (!source.empty()) out += " (" + source + ")";
    if (!text.empty()) out += ": " + text;
    if (!where.empty()) out += "\n  in " + where;
    if (!advice.empty()) out += "\n  " + advice;
    return out;
}

std::string Finding::json() const {
    return "{\"kind\": " + quoted(kind) + ", \"kernel\": " + quoted(kernel) + ", \"line\": " + std::to_string(line) +
           ", \"text\": " + quoted(text) + ", \"source\": " + quoted(source) + ", \"where\": " + quoted(where) +
           ", \"message\": " + quoted(message) + ", \"advice\": " + quoted(advice) + "}";
}

}  // namespace aotgemm::ptx_machine
