// SPDX-License-Identifier: Apache-2.0
// Text of one Einsum → syntax tree. Knows the grammar only; names are checked by the validator.
// Grammar: output '=' reduction* expression ('|' comparison ('and' comparison)*)?; README.md has it in a table.
#pragma once

#include <string>

#include "base/diagnostic.hpp"
#include "einsum/expression.hpp"

namespace einloom {

inline constexpr int kMaxEinsumCharacters = 4096;
inline constexpr int kMaxEinsumNesting = 64;

// `span` is where `text` stands (a YAML scalar); nodes get the exact place of their token inside it.
// Throws UserError: einsum-syntax (at the offending token), einsum-nesting, einsum-too-long.
[[nodiscard]] Einsum parse_einsum(const std::string& text, const Span& span);
// An expression alone, as in the extent of a derived rank. The same errors.
[[nodiscard]] Expression parse_formula(const std::string& text, const Span& span);

}  // namespace einloom
