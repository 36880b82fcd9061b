// SPDX-License-Identifier: Apache-2.0
// "did you mean": the nearest of a set of names, when one is near enough.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace einloom {

// The candidate with the smallest edit distance (case-insensitive, transpositions count 1; ties: first), or ""
// when none is within max(1, length/3).
[[nodiscard]] std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

// "did you mean `x`?" or, when none is near, "known: a, b, c" (at most 12 names, then "…"); for Diagnostic::help.
[[nodiscard]] std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace einloom
