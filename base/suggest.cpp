// SPDX-License-Identifier: Apache-2.0
// Damerau-Levenshtein distance (insert, delete, replace, swap of neighbours) and the help line made from it.
#include "base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace einloom {
namespace {

constexpr std::size_t kMostNames = 12;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Unrestricted Damerau-Levenshtein distance in bytes (Lowrance and Wagner, JACM 22(2), 1975).
std::size_t distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 2;
  const std::size_t infinite = a.size() + b.size();
  std::vector<std::size_t> table((a.size() + 2) * width, infinite);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& { return table[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) cell(i + 1, 1) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cell(1, j + 1) = j;
  std::array<std::size_t, 256> last_row{};  // last row whose character was c
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t last_match = 0;  // last column of this row where the characters agreed
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t row = last_row[static_cast<unsigned char>(b[j - 1])];
      const std::size_t column = last_match;
      const bool equal = a[i - 1] == b[j - 1];
      if (equal) last_match = j;
      cell(i + 1, j + 1) = std::min({cell(i, j) + (equal ? 0 : 1), cell(i + 1, j) + 1, cell(i, j + 1) + 1,
                                     cell(row, column) + (i - row - 1) + 1 + (j - column - 1)});
    }
    last_row[static_cast<unsigned char>(a[i - 1])] = i;
  }
  return cell(a.size() + 1, b.size() + 1);
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  const std::string wanted = lower(name);
  std::size_t best = limit + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const std::size_t difference = std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    if (difference >= best) continue;
    const std::size_t edits = distance(wanted, lower(candidate));
    if (edits < best) {
      best = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  if (const std::string nearest = nearest_name(name, candidates); !nearest.empty()) {
    return fmt::format("did you mean `{}`?", nearest);
  }
  const auto shown = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(candidates.size(), kMostNames));
  return fmt::format("known: {}{}", fmt::join(candidates.begin(), shown, ", "),
                     candidates.size() > kMostNames ? ", …" : "");
}

}  // namespace einloom
