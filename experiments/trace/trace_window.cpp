// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/trace_window.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// False when the text is something else than a number of cycles; "" leaves the value alone.
bool read(std::string_view text, std::int64_t& value) {
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

}  // namespace

TraceWindow parse_trace_window(const std::string& text, const Span& where) {
  TraceWindow window;
  const std::size_t colon = text.find(':');
  const bool good = colon != std::string::npos && read(std::string_view(text).substr(0, colon), window.from) &&
                    read(std::string_view(text).substr(colon + 1), window.to) && window.from < window.to;
  if (good) return window;
  throw UserError(Diagnostic{"trace-window",
                             fmt::format("`{}` is no range of cycles", text),
                             where,
                             {},
                             "write FROM:TO with FROM below TO, as in `--trace-cycles 0:5000`"});
}

}  // namespace einloom
