// PTX 9.0 as nvcc 13.0 writes it: one kernel or several, inline assembly in braces with registers and labels of its
// own.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

#include "ptx_machine/text/cursor.hpp"
#include "ptx_machine/text/module.hpp"

namespace aotgemm::ptx_machine {
namespace {

// Names of one pair of braces. A branch may come before its label, so branches wait here until the braces close.
struct Scope {
    std::map<std::string, int> registers, labels;
    std::vector<std::pair<int, std::string>> branches;
};

class Parser {
   public:
    explicit Parser(const std::string& text) : cursor_(text) {}

    Module run() {
        while (!cursor_.at_end()) directive();
        return std::move(module_);
    }

   private:
    void directive() {
        const std::string word = cursor_.dotted_word();
        if (word == ".version") {
            module_.version = cursor_.dotted_word();
        } else if (word == ".target") {
            module_.target = cursor_.dotted_word();
        } else if (word == ".address_size") {
            cursor_.word();
        } else if (word == ".extern" && cursor_.starts_with(".func")) {
            cursor_.until(';');
            cursor_.expect(';');
        } else if (word == ".extern" || word == ".shared") {
            module_.shared.push_back(shared_variable(word));
        } else if (word == ".visible" || word == ".weak") {
            return;
        } else if (word == ".entry") {
            entry();
        } else if (word == ".global" || word == ".const") {
            global_variable();
        } else if (word == ".file") {
            source_file();
        } else if (word == ".section") {
            cursor_.until('{');
            cursor_.until('}');
            cursor_.expect('}');
        } else {
            cursor_.fail("unknown directive '" + word + "'");
        }
    }

    // Its memory is not there: only what nothing reads or writes may be named, as a message of an assertion.
    void global_variable() {
        while (cursor_.peek() == '.')
            if (cursor_.dotted_word() == ".align") integer();
        module_.globals.push_back(cursor_.word());
        cursor_.until(';');
        cursor_.expect(';');
    }

    void source_file() {
        const auto number = static_cast<std::size_t>(integer());
        cursor_.expect('"');
        const std::string name = cursor_.until('"');
        cursor_.expect('"');
        while (cursor_.take(',')) cursor_.word();
        if (module_.source_files.size() <= number) module_.source_files.resize(number + 1);
        module_.source_files[number] = name;
    }

    std::int64_t integer() {
        const bool negative = cursor_.take('-');
        const std::string digits = cursor_.word();
        const auto magnitude = std::strtoull(digits.c_str(), nullptr, 0);
        return negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
    }

    static std::uint32_t bytes_of(const std::string& type) {
        return static_cast<std::uint32_t>(std::atoi(type.c_str() + 2)) / 8;
    }

    // After .extern or .shared: [.shared] .align N .b8 name[size];
    Variable shared_variable(const std::string& first) {
        Variable variable;
        variable.is_extern = first == ".extern";
        if (variable.is_extern && cursor_.dotted_word() != ".shared") cursor_.fail("only shared memory may be extern");
        declaration(variable);
        cursor_.expect(';');
        return variable;
    }

    void declaration(Variable& variable) {
        std::string type = cursor_.dotted_word();
        if (type == ".align") {
            variable.alignment = static_cast<std::uint32_t>(integer());
            type = cursor_.dotted_word();
        }
        variable.bytes = bytes_of(type);
        variable.alignment = std::max(variable.alignment, variable.bytes);
        pointer();
        variable.name = cursor_.word();
        if (!cursor_.take('[')) return;
        variable.bytes *= cursor_.peek() == ']' ? 0 : static_cast<std::uint32_t>(integer());
        cursor_.expect(']');
    }

    // What a parameter points to, which the machine asks the memory itself: [.ptr [.global] [.align N]]
    void pointer() {
        if (cursor_.peek() != '.') return;
        if (const std::string word = cursor_.dotted_word(); word != ".ptr") cursor_.fail("unknown '" + word + "'");
        while (cursor_.peek() == '.')
            if (cursor_.dotted_word() == ".align") integer();
    }

    void entry() {
        entry_ = &module_.entries.emplace_back();
        entry_->name = cursor_.word();
        cursor_.expect('(');
        while (!cursor_.take(')')) {
            if (cursor_.dotted_word() != ".param") cursor_.fail("expected .param");
            declaration(entry_->parameters.emplace_back());
            cursor_.take(',');
        }
        while (cursor_.peek() == '.') launch_bound();
        cursor_.expect('{');
        body();
    }

    void launch_bound() {
        const std::string word = cursor_.dotted_word();
        if (word != ".maxntid" && word != ".minnctapersm" && word != ".reqntid" && word != ".reqnctapercluster" &&
            word != ".explicitcluster")
            cursor_.fail("unknown directive '" + word + "'");
        if (word == ".explicitcluster") return;
        std::uint32_t product = 1;
        do {
            product *= static_cast<std::uint32_t>(integer());
        } while (cursor_.take(','));
        if (word == ".maxntid" || word == ".reqntid") entry_->max_threads = product;
    }

    void body() {
        scopes_.assign(1, {});
        while (!scopes_.empty()) {
            if (cursor_.at_end()) cursor_.fail("the kernel has no end");
            if (cursor_.take('{')) {
                scopes_.emplace_back();
            } else if (cursor_.take('}')) {
                close_scope();
            } else if (cursor_.peek() == '.') {
                body_directive();
            } else {
                statement();
            }
        }
    }

    void close_scope() {
        for (const auto& [statement, label] : scopes_.back().branches) {
            const auto found = scopes_.back().labels.find(label);
            if (found != scopes_.back().labels.end()) {
                entry_->statements[static_cast<std::size_t>(statement)].target = found->second;
            } else if (scopes_.size() > 1) {
                scopes_[scopes_.size() - 2].branches.emplace_back(statement, label);
            } else {
                throw PtxError(entry_->statements[static_cast<std::size_t>(statement)].line,
                               "no label '" + label + "'");
            }
        }
        scopes_.pop_back();
    }

    void body_directive() {
        const std::string word = cursor_.dotted_word();
        if (word == ".reg") {
            registers();
        } else if (word == ".shared") {
            entry_->shared.push_back(shared_variable(word));
        } else if (word == ".loc") {
            source_place();
        } else if (word == ".pragma" || word == ".param") {  // arguments of a call
            cursor_.until(';');
            cursor_.expect(';');
        } else {
            cursor_.fail("unknown directive '" + word + "'");
        }
    }

    // .loc file line column [, function_name label, inlined_at file line column]
    void source_place() {
        source_file_ = static_cast<int>(integer());
        source_line_ = static_cast<int>(integer());
        integer();
        while (cursor_.take(',')) {
            const std::string word = cursor_.word();
            if (word == "function_name") {
                cursor_.word();
                if (cursor_.take('+')) integer();
            } else {
                integer();
                integer();
                integer();
            }
        }
    }

    void registers() {
        const std::string type = cursor_.dotted_word();
        do {
            const std::string name = cursor_.word();
            if (!cursor_.take('<')) {
                add_register(name, type);
                continue;
            }
            const auto count = integer();
            cursor_.expect('>');
            for (std::int64_t i = 0; i < count; ++i) add_register(name + std::to_string(i), type);
        } while (cursor_.take(','));
        cursor_.expect(';');
    }

    void add_register(const std::string& name, const std::string& type) {
        RegisterType kind;
        if (type == ".pred") {
            kind = RegisterType::predicate;
        } else {
            switch (bytes_of(type)) {
                case 2: kind = RegisterType::bits16; break;
                case 4: kind = RegisterType::bits32; break;
                case 8: kind = RegisterType::bits64; break;
                case 16: kind = RegisterType::bits128; break;
                default: cursor_.fail("no registers of type '" + type + "'");
            }
        }
        scopes_.back().registers[name] = static_cast<int>(entry_->registers.size());
        entry_->registers.push_back(kind);
        entry_->register_names.push_back(name);
    }

    std::optional<int> find_register(const std::string& name) const {
        for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
            const auto found = scope->registers.find(name);
            if (found != scope->registers.end()) return found->second;
        }
        return std::nullopt;
    }

    void statement() {
        Statement statement;
        statement.line = cursor_.line();
        if (cursor_.take('@')) {
            statement.guard_negated = cursor_.take('!');
            const std::string name = cursor_.word();
            const auto guard = find_register(name);
            if (!guard) cursor_.fail("no register '" + name + "'");
            statement.guard = *guard;
        }
        bool is_label = false;
        statement.opcode = cursor_.label_or_opcode(is_label);
        if (is_label) {
            scopes_.back().labels[statement.opcode] = static_cast<int>(entry_->statements.size());
            return;
        }
        statement.source_file = source_file_;
        statement.source_line = source_line_;
        const bool is_branch = statement.opcode == "bra" || statement.opcode == "bra.uni";
        if (statement.opcode == "call.uni") call(statement);
        while (!cursor_.take(';')) {
            if (is_branch) {
                scopes_.back().branches.emplace_back(static_cast<int>(entry_->statements.size()), cursor_.word());
            } else {
                statement.operands.push_back(operand());
            }
            cursor_.take(',');
        }
        entry_->statements.push_back(std::move(statement));
    }

    // The function's name; what it is given does not matter.
    void call(Statement& statement) {
        Operand function;
        function.kind = Operand::Kind::symbol;
        function.name = cursor_.word();
        cursor_.until(';');
        statement.operands.push_back(std::move(function));
    }

    Operand operand() {
        Operand out;
        if (cursor_.take('[')) return address();
        if (cursor_.take('{')) return vector();
        if (cursor_.take('!')) {
            out = operand();
            out.negated = true;
            return out;
        }
        if (cursor_.peek() == '-' || std::isdigit(static_cast<unsigned char>(cursor_.peek()))) return number();
        const std::string name = cursor_.dotted_word();
        if (const auto found = find_register(name)) {
            out.kind = Operand::Kind::reg;
            out.reg = *found;
        } else if (name == "_") {
            out.kind = Operand::Kind::sink;
        } else {
            out.kind = name[0] == '%' ? Operand::Kind::special : Operand::Kind::symbol;
            out.name = name;
        }
        if (!cursor_.take('|')) return out;
        Operand pair;
        pair.kind = Operand::Kind::pair;
        pair.parts = {out, operand()};
        return pair;
    }

    Operand number() {
        Operand out;
        const bool negative = cursor_.take('-');
        const std::string digits = cursor_.dotted_word();
        out.kind = Operand::Kind::immediate;
        if (digits.size() == 10 && (digits.starts_with("0f") || digits.starts_with("0F"))) {
            out.kind = Operand::Kind::float_bits;
            out.value = std::strtoll(digits.c_str() + 2, nullptr, 16);
        } else if (digits.find('.') != std::string::npos) {
            out.kind = Operand::Kind::symbol;  // a fraction, as createpolicy has one
            out.name = digits;
        } else {
            const auto magnitude = std::strtoull(digits.c_str(), nullptr, 0);
            out.value = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
        }
        return out;
    }

    Operand address() {
        Operand out;
        out.kind = Operand::Kind::address;
        out.parts.push_back(operand());
        if (cursor_.take('+')) out.value = integer();
        if (cursor_.take(',')) out.parts.push_back(operand());
        cursor_.expect(']');
        return out;
    }

    Operand vector() {
        Operand out;
        out.kind = Operand::Kind::vector;
        while (!cursor_.take('}')) {
            out.parts.push_back(operand());
            cursor_.take(',');
        }
        return out;
    }

    Cursor cursor_;
    Module module_;
    Entry* entry_ = nullptr;
    std::vector<Scope> scopes_;
    int source_file_ = 0, source_line_ = 0;
};

}  // namespace

Module parse_module(const std::string& text) { return Parser(text).run(); }

}  // namespace aotgemm::ptx_machine
