// Reads PTX text character by character and word by word; knows the line.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

#include "ptx_machine/text/module.hpp"

namespace aotgemm::ptx_machine {

class Cursor {
   public:
    explicit Cursor(std::string_view text) : text_(text) { skip(); }

    bool at_end() const { return at_ >= text_.size(); }
    int line() const { return line_; }
    char peek() const { return at_end() ? '\0' : text_[at_]; }
    char peek_next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

    bool starts_with(std::string_view wanted) const { return text_.substr(at_).starts_with(wanted); }

    bool take(char wanted) {
        if (peek() != wanted) return false;
        advance();
        skip();
        return true;
    }
    void expect(char wanted) {
        if (!take(wanted)) fail(std::string("expected '") + wanted + "', found '" + peek() + "'");
    }

    // A name: letters, digits, _, $ and %.
    std::string word() {
        const std::size_t start = at_;
        while (!at_end() && is_word(peek())) advance();
        if (at_ == start) fail(std::string("expected a name, found '") + peek() + "'");
        return finish(start);
    }

    // A label, whose colon is taken, or an opcode with its modifiers.
    std::string label_or_opcode(bool& is_label) {
        const std::size_t start = at_;
        while (!at_end() && is_word(peek())) advance();
        is_label = peek() == ':' && peek_next() != ':';
        if (!is_label) {
            at_ = start;
            return dotted_word();
        }
        const std::string label = finish(start);
        expect(':');
        return label;
    }

    // An opcode's or directive's modifiers: words, dots and double colons.
    std::string dotted_word() {
        const std::size_t start = at_;
        while (!at_end() && (is_word(peek()) || peek() == '.' || peek() == ':')) advance();
        return finish(start);
    }

    // Everything up to a character, which stays.
    std::string until(char end) {
        const std::size_t start = at_;
        while (!at_end() && peek() != end) advance();
        return finish(start);
    }

    [[noreturn]] void fail(const std::string& what) const { throw PtxError(line_, what); }

   private:
    static bool is_word(char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%';
    }

    std::string finish(std::size_t start) {
        std::string found(text_.substr(start, at_ - start));
        skip();
        return found;
    }
    void advance() {
        if (peek() == '\n') ++line_;
        ++at_;
    }
    // White space and comments.
    void skip() {
        while (!at_end()) {
            if (std::isspace(static_cast<unsigned char>(peek()))) {
                advance();
            } else if (peek() == '/' && peek_next() == '/') {
                while (!at_end() && peek() != '\n') advance();
            } else if (peek() == '/' && peek_next() == '*') {
                while (!at_end() && !(peek() == '*' && peek_next() == '/')) advance();
                advance();
                advance();
            } else {
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
};

}  // namespace aotgemm::ptx_machine
