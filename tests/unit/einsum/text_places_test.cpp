// SPDX-License-Identifier: Apache-2.0
// Is every character of a scalar found where it stands in the document?
#include "einsum/text_places.hpp"

#include <catch2/catch.hpp>

using namespace einloom;

namespace {

// line:column+length of the first occurrence of `part` in `text`, read from a document at line 1, column 3.
std::string place(const std::string& document, const std::string& text, const std::string& part) {
  const TextPlaces places(text, Span{source_from_text("d.yaml", document), 1, 3, 1});
  const std::size_t at = text.find(part);
  const Span span = places.at(at, at + part.size());
  return std::to_string(span.line)
      .append(":")
      .append(std::to_string(span.column))
      .append("+")
      .append(std::to_string(span.length));
}

}  // namespace

TEST_CASE("plain, quoted, folded and block scalars") {
  CHECK(place("- abc def", "abc def", "def") == "1:7+3");
  CHECK(place("- \"abc def\"", "abc def", "def") == "1:8+3");
  CHECK(place("- 'abc def'", "abc def", "def") == "1:8+3");
  CHECK(place("- abc\n    def", "abc def", "def") == "2:5+3");
  CHECK(place("- >-\n  abc\n  def", "abc def", "def") == "3:3+3");
  CHECK(place("- |\n  abc\n  def", "abc\ndef\n", "def") == "3:3+3");
}

TEST_CASE("columns count characters, not bytes") { CHECK(place("- äöü def", "äöü def", "def") == "1:7+3"); }

TEST_CASE("a part over two lines ends with its first line and the blank that folds it") {
  CHECK(place("- abc\n  def", "abc def", "bc def") == "1:4+3");
}

TEST_CASE("the end of the text is just after it") {
  const TextPlaces places("abc", Span{source_from_text("d.yaml", "- abc"), 1, 3, 3});
  CHECK(places.at(3, 3).column == 6);
  CHECK(places.at(3, 3).length == 1);
}

TEST_CASE("a text that cannot be followed is placed by offset") {
  CHECK(place("- \"a\\tb c\"", "a\tb c", "c") == "1:7+1");
  const TextPlaces nowhere("abc", Span{});
  CHECK(nowhere.at(1, 2).line == 0);
}
