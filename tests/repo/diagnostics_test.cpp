// SPDX-License-Identifier: Apache-2.0
// Every error code has a line in docs/errors.md and a test; docs/errors.md explains no code that is gone.
#include <catch2/catch.hpp>

#include <map>
#include <regex>
#include <set>

#include "repo/tree.hpp"

namespace einloom::test {
namespace {

// Hyphenated literals that are no codes.
const std::set<std::string> kOtherWords = {};

// Code → a file that emits it. Codes are the hyphenated lower-case literals of the sources, however they are passed on,
// and what is assigned to `code`.
std::map<std::string, std::string> emitted_codes() {
  const std::regex literal(R"re("([a-z0-9]+(?:-[a-z0-9]+)+)"|\bcode = "([a-z]+)")re");
  std::map<std::string, std::string> codes;
  for (const std::string& folder : kFolders) {
    for (const std::string& file : sources_below(folder)) {
      const std::string text = text_of(file);
      for (std::sregex_iterator it(text.begin(), text.end(), literal), end; it != end; ++it) {
        const std::string code = (*it)[1].matched ? it->str(1) : it->str(2);
        if (kOtherWords.count(code) == 0) codes.emplace(code, file);
      }
    }
  }
  return codes;
}

// The codes docs/errors.md has a line for: "- `code`: …".
std::vector<std::string> explained_codes() {
  const std::regex line(R"re((?:^|\n)- `([a-z0-9-]+)`: )re");
  const std::string text = text_of("docs/errors.md");
  std::vector<std::string> codes;
  for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) codes.push_back(it->str(1));
  return codes;
}

TEST_CASE("the sources emit the codes everybody knows") {
  const auto codes = emitted_codes();
  for (const char* code : {"file-missing", "unknown-key", "einsum-cycle", "tile-exceeds-buffer", "deadlock"}) {
    INFO(code);
    CHECK(codes.count(code) == 1);
  }
  CHECK(codes.size() > 100);
}

TEST_CASE("every error code is explained in docs/errors.md") {
  const std::vector<std::string> explained = explained_codes();
  for (const auto& [code, file] : emitted_codes()) {
    INFO(file << " emits `" << code << "`");
    CHECK(std::count(explained.begin(), explained.end(), code) == 1);
  }
}

TEST_CASE("docs/errors.md explains no code that is gone") {
  const auto codes = emitted_codes();
  for (const std::string& code : explained_codes()) {
    INFO("docs/errors.md explains `" << code << "`");
    CHECK(codes.count(code) == 1);
  }
}

TEST_CASE("every error code stands in a test with its complete text") {
  std::string tests;
  for (const std::string& file : sources_below("tests")) tests += text_of(file);
  for (const auto& [code, file] : emitted_codes()) {
    INFO(file << " emits `" << code << "`");
    CHECK(tests.find("error[" + code + "]: ") != std::string::npos);
  }
}

}  // namespace
}  // namespace einloom::test
