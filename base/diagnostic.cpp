// SPDX-License-Identifier: Apache-2.0
// Rendering of diagnostics (position, excerpt, caret, notes, help) and their collection in document order.
#include "base/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/utf8.hpp"

namespace einloom {
namespace {

constexpr int kLongestLine = 160;        // characters shown of one source line
constexpr int kContextBeforeCaret = 60;  // characters kept left of the caret when the line is cut
constexpr std::size_t kMostRendered = 100;

// Line `number` (1-based) without its end, or nothing when the text has fewer lines.
std::optional<std::string_view> line_of(std::string_view text, int number) {
  for (int line = 1; line < number; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Control characters would move the caret or the user's cursor: tabs become one space, the others `?`.
std::string printable(std::string_view text, bool keep_newlines) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\t') {
      c = ' ';
    } else if ((byte < 0x20 && !(keep_newlines && c == '\n')) || byte == 0x7F) {
      c = '?';
    }
  }
  return out;
}

std::string position(const Span& span) {
  if (!span.file) return "";
  if (span.line <= 0) return span.file->path + ": ";
  return fmt::format("{}:{}:{}: ", span.file->path, span.line, span.column);
}

// The source line and the carets under the span; a line longer than kLongestLine is cut around the caret.
std::string excerpt(const Span& span) {
  if (!span.file || span.line <= 0) return "";
  const auto found = line_of(span.file->text, span.line);
  if (!found) return "";
  std::string line = printable(*found, false);
  int width = count_code_points(line);
  int first = std::clamp(span.column - 1, 0, width);
  int length = std::max(1, std::min(span.length, width - first));
  if (width > kLongestLine) {
    const int start = std::clamp(first - kContextBeforeCaret, 0, width - kLongestLine + 1);
    const bool cut_left = start > 0;
    const int room = kLongestLine - (cut_left ? 1 : 0);
    const bool cut_right = start + room < width;
    const int shown = std::min(width - start, room - (cut_right ? 1 : 0));
    const std::string_view tail = std::string_view(line).substr(code_point_prefix(line, start).size());
    line = fmt::format("{}{}{}", cut_left ? "…" : "", code_point_prefix(tail, shown), cut_right ? "…" : "");
    length = std::max(1, std::min(length, start + shown - first));
    first = first - start + (cut_left ? 1 : 0);
  }
  const std::string number = std::to_string(span.line);
  return fmt::format(" {} |{}{}\n {:{}} | {:{}}{}\n", number, line.empty() ? "" : " ", line, "", number.size(), "",
                     first, std::string(static_cast<std::size_t>(length), '^'));
}

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (std::size_t i = 0; i < std::min(diagnostics.size(), kMostRendered); ++i) text += render(diagnostics[i]);
  if (diagnostics.size() > kMostRendered) {
    text += fmt::format("… and {} more errors\n", diagnostics.size() - kMostRendered);
  }
  return text;
}

bool same_place(const Span& a, const Span& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column && a.length == b.length;
}

bool same(const Diagnostic& a, const Diagnostic& b) {
  const auto same_note = [](const Note& x, const Note& y) {
    return x.text == y.text && x.span.has_value() == y.span.has_value() && (!x.span || same_place(*x.span, *y.span));
  };
  return a.code == b.code && a.message == b.message && a.help == b.help && same_place(a.span, b.span) &&
         std::equal(a.notes.begin(), a.notes.end(), b.notes.begin(), b.notes.end(), same_note);
}

}  // namespace

Diagnostic& Diagnostic::note(std::string text, std::optional<Span> at) {
  notes.push_back(Note{std::move(text), std::move(at)});
  return *this;
}

Diagnostic& Diagnostic::with_help(std::string text) {
  help = std::move(text);
  return *this;
}

std::string render(const Diagnostic& diagnostic) {
  std::string text = fmt::format("{}error[{}]: {}\n{}", position(diagnostic.span), diagnostic.code,
                                 printable(diagnostic.message, true), excerpt(diagnostic.span));
  for (const Note& note : diagnostic.notes) {
    text += fmt::format("{}note: {}\n", note.span ? position(*note.span) : "", printable(note.text, true));
  }
  if (!diagnostic.help.empty()) text += fmt::format("help: {}\n", printable(diagnostic.help, true));
  return text;
}

UserError::UserError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined(diagnostics)), diagnostics_(std::move(diagnostics)) {}

UserError::UserError(Diagnostic diagnostic) : UserError(std::vector<Diagnostic>{std::move(diagnostic)}) {}

void ensure(bool condition, std::string_view text) {
  if (!condition) throw InternalError(std::string(text));
}

Diagnostic& Diagnostics::error(std::string code, Span span, std::string message) {
  return all_.emplace_back(Diagnostic{std::move(code), std::move(message), std::move(span)});
}

void Diagnostics::add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }

void Diagnostics::throw_if_any() {
  if (all_.empty()) return;
  std::vector<std::string> paths;  // in order of first appearance
  const auto path_order = [&](const Diagnostic& diagnostic) {
    const std::string path = diagnostic.span.file ? diagnostic.span.file->path : "";
    const auto at = std::find(paths.begin(), paths.end(), path);
    if (at != paths.end()) return at - paths.begin();
    paths.push_back(path);
    return std::ssize(paths) - 1;
  };
  struct Placed {
    std::tuple<std::ptrdiff_t, int, int> key;
    const Diagnostic* diagnostic;
  };
  std::vector<Placed> placed;
  for (const Diagnostic& diagnostic : all_) {
    placed.push_back({{path_order(diagnostic), diagnostic.span.line, diagnostic.span.column}, &diagnostic});
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) { return a.key < b.key; });

  std::vector<Diagnostic> sorted;
  std::size_t group = 0;  // first element of `sorted` at the current position
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (i > 0 && placed[i].key != placed[i - 1].key) group = sorted.size();
    const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(group);
    const Diagnostic& next = *placed[i].diagnostic;
    if (std::none_of(begin, sorted.end(), [&](const Diagnostic& seen) { return same(seen, next); })) {
      sorted.push_back(next);
    }
  }
  throw UserError(std::move(sorted));
}

}  // namespace einloom
