// SPDX-License-Identifier: Apache-2.0
// What the user is told when input is wrong: path:line:col, a stable code, the observation and the rule,
// the line with a caret, notes at other places, and a way out. Errors of one document are collected and
// thrown together in document order.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/source_file.hpp"

namespace einloom {

struct Note {
  std::string text;
  std::optional<Span> span;
};

struct Diagnostic {
  std::string code;     // kebab-case, stable, listed in docs/errors.md
  std::string message;  // observation; rule
  Span span;
  std::vector<Note> notes{};
  std::string help{};  // a way out; may be empty

  Diagnostic& note(std::string text, std::optional<Span> at = std::nullopt);
  Diagnostic& with_help(std::string text);
};

// path:line:col: error[code]: message / source line / caret / note: … / help: …, newline-terminated.
[[nodiscard]] std::string render(const Diagnostic& diagnostic);

// Wrong input; the program exits with 1.
class UserError : public std::runtime_error {
 public:
  explicit UserError(std::vector<Diagnostic> diagnostics);
  explicit UserError(Diagnostic diagnostic);
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

// Our own mistake; the program exits with 2. what() says which invariant broke.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Throws InternalError with `text` unless `condition` holds. For invariants, never for user input.
void ensure(bool condition, std::string_view text);

// Collects the errors of a document.
class Diagnostics {
 public:
  // The returned reference is valid until the next call.
  Diagnostic& error(std::string code, Span span, std::string message);
  void add(Diagnostic diagnostic);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  // Throws UserError with everything collected, sorted by position within each file (stable).
  void throw_if_any();

 private:
  std::vector<Diagnostic> all_;
};

}  // namespace einloom
