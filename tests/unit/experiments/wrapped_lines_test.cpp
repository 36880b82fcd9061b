// SPDX-License-Identifier: Apache-2.0
// Are lines as narrow as asked, with nothing lost?
#include "experiments/wrapped_lines.hpp"

#include <catch2/catch.hpp>

using namespace einloom;

TEST_CASE("wide lines go on under their last column") {
  CHECK(wrapped_lines("  list    names of all documents\n", 20) ==
        "  list    names of\n"
        "          all\n"
        "          documents\n");
  CHECK(wrapped_lines("one two three four", 9) == "one two\nthree\nfour");
  CHECK(wrapped_lines("  one two three\n", 9) == "  one two\n  three\n");
}

TEST_CASE("narrow lines and words that are wide alone stay as they are") {
  CHECK(wrapped_lines("", 10).empty());
  CHECK(wrapped_lines("one\n\n  two\n", 10) == "one\n\n  two\n");
  CHECK(wrapped_lines("a word_of_many_letters b\n", 8) == "a\nword_of_many_letters\nb\n");
}
