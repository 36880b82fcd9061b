// SPDX-License-Identifier: Apache-2.0
// What the writer of an Einsum probably meant where its text is not one: other notations' signs and words, and the
// form this language has for them. Knows texts only.
#pragma once

#include <string>

namespace einloom {

// What the grammar expected where it stopped.
enum class SyntaxPlace {
  output,         // X[i,j] left of `=`
  equals,         // `=`
  index,          // an index or a factor of one
  index_end,      // `,` or `]`
  reduced,        // a variable in `sum(…)`
  reduced_end,    // `,` or `)` in `sum(…)`
  value,          // an operand
  value_end,      // an operator or the end
  comparison,     // `<=` and its like
  predicate_end,  // `and` or the end
  other
};

// A help for the token at `at` (the text's length: it ended too early); "" when nothing is likely.
[[nodiscard]] std::string syntax_hint(const std::string& text, std::size_t at, SyntaxPlace place);

// The end of the token that starts at `at`: a word, a number with its point and exponent, a comparison or one
// character.
[[nodiscard]] std::size_t token_end(const std::string& text, std::size_t at);

}  // namespace einloom
