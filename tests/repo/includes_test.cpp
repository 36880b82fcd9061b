// SPDX-License-Identifier: Apache-2.0
// Includes go one way (shown in the README), the libraries with strong habits stay in their rooms, and every file says
// whose it is and works in any folder.
#include <catch2/catch.hpp>

#include <map>
#include <regex>
#include <set>

#include "repo/tree.hpp"

namespace einloom::test {
namespace {

// Folder → the folders it may include from.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"base", {"base"}},
    {"einsum", {"base", "einsum"}},
    {"arch", {"arch", "base"}},
    {"mappings", {"arch", "base", "einsum", "mappings"}},
    {"sim", {"arch", "base", "einsum", "mappings", "sim"}},
    {"experiments", {"arch", "base", "einsum", "experiments", "mappings", "sim"}},
};

std::vector<std::string> includes_of(const std::string& file) {
  static const std::regex line(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"])re");
  const std::string text = text_of(file);
  std::vector<std::string> includes;
  for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) includes.push_back(it->str(1));
  return includes;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& beginning) { return text.rfind(beginning, 0) == 0; });
}

TEST_CASE("folders include along the arrows only") {
  std::size_t seen = 0;
  for (const std::string& folder : kFolders) {
    for (const std::string& file : sources_below(folder)) {
      for (const std::string& include : includes_of(file)) {
        const std::string from = include.substr(0, include.find('/'));
        if (kArrows.count(from) == 0) continue;  // another library's header
        ++seen;
        INFO(file << " includes " << include);
        CHECK(kArrows.at(folder).count(from) == 1);
      }
    }
  }
  CHECK(seen > 300);
}

TEST_CASE("headers of the project are included by their full path") {
  for (const std::string& folder : kFolders) {
    for (const std::string& file : sources_below(folder)) {
      for (const std::string& include : includes_of(file)) {
        INFO(file << " includes " << include);
        CHECK(include.find("..") == std::string::npos);
      }
    }
  }
}

TEST_CASE("only base/yaml_reader.cpp includes yaml-cpp") {
  for (const std::string& folder : kFolders) {
    for (const std::string& file : sources_below(folder)) {
      for (const std::string& include : includes_of(file)) {
        if (include.rfind("yaml-cpp", 0) != 0) continue;
        INFO(file << " includes " << include);
        CHECK(file == "base/yaml_reader.cpp");
      }
    }
  }
}

TEST_CASE("only sim/kernel.cpp and sim/components include SystemC") {
  for (const std::string& folder : kFolders) {
    for (const std::string& file : sources_below(folder)) {
      for (const std::string& include : includes_of(file)) {
        if (!starts_with_any(include, {"systemc", "sysc", "tlm"})) continue;
        INFO(file << " includes " << include);
        CHECK((file == "sim/kernel.cpp" || file.rfind("sim/components/", 0) == 0));
      }
    }
  }
}

TEST_CASE("the simulator never sees YAML and never prints") {
  for (const std::string& file : sources_below("sim")) {
    for (const std::string& include : includes_of(file)) {
      INFO(file << " includes " << include);
      CHECK_FALSE(starts_with_any(include, {"base/yaml_reader", "iostream", "cstdio", "stdio.h"}));
    }
  }
}

TEST_CASE("every file names its licence in its first three lines") {
  const std::set<std::string> endings = {".cpp", ".hpp", ".yaml", ".yml", ".py", ".cmake", ".sh"};
  std::size_t seen = 0;
  for (const std::string& file : versioned_files()) {
    const std::string text = text_of(file);
    const bool is_script = text.rfind("#!", 0) == 0;
    const std::string name = std::filesystem::path(file).filename().string();
    if (endings.count(std::filesystem::path(file).extension().string()) == 0 && !is_script &&
        name != "CMakeLists.txt") {
      continue;
    }
    ++seen;
    std::size_t end = 0;
    for (int line = 0; line < 3 && end != std::string::npos; ++line) end = text.find('\n', end == 0 ? 0 : end + 1);
    INFO(file);
    CHECK(text.substr(0, end).find("SPDX-License-Identifier: Apache-2.0") != std::string::npos);
  }
  if (seen == 0) WARN("no checkout here: only the includes were looked at");
}

TEST_CASE("no file under version control knows where somebody's checkout lies") {
  // Written in two parts so that this file does not find itself.
  const std::vector<std::string> places = {std::string("/wo") + "rk/", std::string("/ro") + "ot/",
                                           std::string("/ho") + "me/"};
  for (const std::string& file : versioned_files()) {
    const std::string text = text_of(file);
    for (const std::string& place : places) {
      INFO(file << " names " << place);
      // A relative path (`../work/`, `a/work/`) is none of these.
      const std::regex absolute("(^|[^A-Za-z0-9_.}/-])" + place);
      CHECK_FALSE(std::regex_search(text, absolute));
    }
  }
}

}  // namespace
}  // namespace einloom::test
