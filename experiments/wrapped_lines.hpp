// SPDX-License-Identifier: Apache-2.0
// Text of a terminal whose lines are not wider than a number of columns.
#pragma once

#include <cstddef>
#include <string>

namespace einloom {

// Breaks wide lines at blanks; what goes on stands under the last column of the line, which starts behind its last two
// blanks in a row (a list's description), or under its first word. Words that are wider alone stay whole.
[[nodiscard]] std::string wrapped_lines(const std::string& text, std::size_t width);

}  // namespace einloom
