// SPDX-License-Identifier: Apache-2.0
// Is the nearest name really the nearest, and none offered when nothing is near?
#include "base/suggest.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace einloom;

namespace {

// All strings one edit away: delete, insert, replace, swap neighbours (an oracle that knows no dynamic programming).
std::set<std::string> one_edit(const std::string& word, const std::string& alphabet) {
  std::set<std::string> out;
  for (std::size_t i = 0; i <= word.size(); ++i) {
    if (i < word.size()) out.insert(word.substr(0, i) + word.substr(i + 1));
    if (i + 1 < word.size()) out.insert(word.substr(0, i) + word[i + 1] + word[i] + word.substr(i + 2));
    for (const char c : alphabet) {
      out.insert(word.substr(0, i) + c + word.substr(i));
      if (i < word.size()) out.insert(word.substr(0, i) + c + word.substr(i + 1));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every single edit of a name finds it again") {
  const std::string name = "array2d";
  for (const std::string& typed : one_edit(name, "ary2dxz")) {
    INFO(typed);
    CHECK(nearest_name(typed, {"global_buffer", name, "dram"}) == name);
  }
}

TEST_CASE("two edits are found in names of six letters or more, never in shorter ones") {
  const std::string name = "buffer";
  std::set<std::string> near = one_edit(name, "xbuf");
  std::set<std::string> two;
  for (const std::string& word : near) two.merge(one_edit(word, "xbuf"));
  for (const std::string& typed : two) {
    INFO(typed);
    const bool reachable = typed.size() >= 6 || near.contains(typed) || typed == name;
    CHECK((nearest_name(typed, {name}) == name) == reachable);
  }
}

TEST_CASE("nearest name: case, ties, distance") {
  CHECK(nearest_name("ROWS", {"columns", "rows"}) == "rows");
  CHECK(nearest_name("ab", {"ax", "ay"}) == "ax");             // tie: first
  CHECK(nearest_name("rosw", {"roswell", "rows"}) == "rows");  // a swap is one edit
  CHECK(nearest_name("clock", {"rows", "columns"}).empty());
  CHECK(nearest_name("", {"a"}) == "a");
  CHECK(nearest_name("", {"ab"}).empty());
  CHECK(nearest_name("x", {}).empty());
  CHECK(nearest_name("abcdef", {"bfcade"}).empty());
}

TEST_CASE("suggestion: the near name, or what is known") {
  CHECK(suggestion("rowz", {"columns", "rows"}) == "did you mean `rows`?");
  CHECK(suggestion("clock", {"columns", "rows"}) == "known: columns, rows");
  CHECK(suggestion("clock", {}).empty());
  const std::vector<std::string> twelve{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3"};
  CHECK(suggestion("clock", twelve) == "known: a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3");
  std::vector<std::string> thirteen = twelve;
  thirteen.push_back("b4");
  CHECK(suggestion("clock", thirteen) == "known: a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, …");
}
