// SPDX-License-Identifier: Apache-2.0
// The cycles of a run that a trace shows.
// Contract: [from, to); everything by default.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/source_file.hpp"

namespace einloom {

struct TraceWindow {
  std::int64_t from = 0, to = INT64_MAX;

  [[nodiscard]] bool is_limited() const { return to != INT64_MAX; }
  // Cuts [begin, end) to the window; false when nothing is left.
  [[nodiscard]] bool clip(std::int64_t& begin, std::int64_t& end) const {
    begin = std::max(begin, from);
    end = std::min(end, to);
    return begin < end;
  }
};

// `FROM:TO`, one of them may be left out. UserError trace-window.
[[nodiscard]] TraceWindow parse_trace_window(const std::string& text, const Span& where);

}  // namespace einloom
