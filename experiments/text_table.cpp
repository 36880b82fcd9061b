// SPDX-License-Identifier: Apache-2.0
#include "experiments/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "base/utf8.hpp"

namespace einloom {

namespace {

// Four significant digits with the unit that leaves 1 to `step` of them before the point.
std::string scaled(double value, double step, const std::vector<std::string>& units, std::size_t unit) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{} {}", value, units[unit]);
  while (std::abs(value) >= step * (1 - 5e-5) && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  while (std::abs(value) < 1 - 5e-5 && unit > 0) {
    value *= step;
    --unit;
  }
  const std::string rounded = fmt::format("{:.3e}", value);  // its exponent counts the digits before the point
  const int before = std::stoi(rounded.substr(rounded.find('e') + 1)) + 1;
  return fmt::format("{:.{}f} {}", value, std::clamp(4 - before, 0, 3), units[unit]);
}

}  // namespace

void TextTable::add_column(std::string header, Align align) {
  const std::size_t end = header.find('\n');
  if (end == std::string::npos) {
    columns_.push_back({"", std::move(header), align});
  } else {
    columns_.push_back({header.substr(0, end), header.substr(end + 1), align});
  }
}

void TextTable::add_row(std::vector<std::string> cells, std::string note) {
  ensure(cells.size() == columns_.size(), "a table row has another number of cells than the table");
  rows_.push_back(std::move(cells));
  notes_.push_back(std::move(note));
}

std::string TextTable::text(int indent) const {
  std::vector<int> widths(columns_.size(), 0);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    for (const auto& row : rows_) widths[c] = std::max(widths[c], count_code_points(row[c]));
    if (widths[c] == 0) continue;
    widths[c] = std::max({widths[c], count_code_points(columns_[c].header), count_code_points(columns_[c].above)});
  }
  const auto line = [&](const auto& cell_of) {
    std::string text(static_cast<std::size_t>(indent), ' ');
    bool first = true;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (widths[c] == 0) continue;
      const std::string cell = cell_of(c);
      const std::string pad(static_cast<std::size_t>(widths[c] - count_code_points(cell)), ' ');
      text += first ? "" : "  ";
      text += columns_[c].align == Align::left ? cell + pad : pad + cell;
      first = false;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text;
  const bool two_lines =
      std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.above.empty(); });
  if (two_lines) text += line([&](std::size_t c) { return columns_[c].above; });
  text += line([&](std::size_t c) { return columns_[c].header; });
  text += line([&](std::size_t c) {
    std::string rule;
    for (int i = 0; i < widths[c]; ++i) rule += "─";
    return rule;
  });
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    text += line([&](std::size_t c) { return rows_[r][c]; });
    for (std::size_t from = 0; from < notes_[r].size();) {
      const std::size_t end = std::min(notes_[r].find('\n', from), notes_[r].size());
      text += fmt::format("{:{}}{}\n", "", indent + 4, notes_[r].substr(from, end - from));
      from = end + 1;
    }
  }
  return text;
}

std::string with_separators(std::int64_t value) {
  const std::string digits = fmt::format("{}", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool after_digit = i > 0 && digits[i - 1] != '-';
    if (after_digit && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string seconds_text(double seconds) { return scaled(seconds, 1000, {"ns", "µs", "ms", "s"}, 3); }

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  return scaled(static_cast<double>(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"}, 0);
}

std::string joules_text(double joules) { return scaled(joules, 1000, {"pJ", "nJ", "µJ", "mJ", "J", "kJ", "MJ"}, 4); }

std::string percent_text(double share) { return fmt::format("{:.1f} %", share * 100); }

}  // namespace einloom
