// SPDX-License-Identifier: Apache-2.0
// Are diagnostics rendered exactly as documented, and collected in document order without echoes?
#include "base/diagnostic.hpp"

#include <catch2/catch.hpp>

#include "unit/base/thrown.hpp"

using namespace einloom;
using einloom::test::collected;

namespace {

std::string plan_text() {
  std::string text;
  for (int line = 1; line < 31; ++line) text += "\n";
  return text + "    tile: {m0: 512, p1: 2560}\n";
}

std::string at(const std::string& text, int line, int column, int length) {
  return render(Diagnostic{"code", "message", Span{source_from_text("a.yaml", text), line, column, length}});
}

}  // namespace

TEST_CASE("a diagnostic shows position, code, excerpt, caret, notes and help") {
  const SourcePtr plan = source_from_text("mappings/p.yaml", plan_text());
  const SourcePtr machine = source_from_text("arch/x.yaml", "a: 1\n");
  Diagnostic diagnostic{"tile-exceeds-buffer", "tile of `BK` needs 40 MiB; `global_buffer` holds 16 MiB",
                        Span{plan, 31, 25, 4}};
  diagnostic.note("capacity declared here", Span{machine, 12, 15, 3})
      .note("without a place")
      .note("about a file", Span{machine, 0, 0, 1})
      .with_help("with m0 = 512 the largest p1 that fits is 992");
  CHECK(render(diagnostic) ==
        "mappings/p.yaml:31:25: error[tile-exceeds-buffer]: tile of `BK` needs 40 MiB; `global_buffer` holds 16 MiB\n"
        " 31 |     tile: {m0: 512, p1: 2560}\n"
        "    |                         ^^^^\n"
        "arch/x.yaml:12:15: note: capacity declared here\n"
        "note: without a place\n"
        "arch/x.yaml: note: about a file\n"
        "help: with m0 = 512 the largest p1 that fits is 992\n");
}

TEST_CASE("a diagnostic without a position has no excerpt") {
  CHECK(at("x: 1\n", 0, 0, 1) == "a.yaml: error[code]: message\n");
  CHECK(render(Diagnostic{"code", "message", Span{}}) == "error[code]: message\n");
  CHECK(at("x: 1", 7, 1, 1) == "a.yaml:7:1: error[code]: message\n");  // past the last line
}

TEST_CASE("carets are clipped to the line and count code points") {
  CHECK(at("rows: x", 1, 7, 99) == "a.yaml:1:7: error[code]: message\n 1 | rows: x\n   |       ^\n");
  CHECK(at("rows:", 1, 6, 1) == "a.yaml:1:6: error[code]: message\n 1 | rows:\n   |      ^\n");
  CHECK(at("\n", 1, 1, 1) == "a.yaml:1:1: error[code]: message\n 1 |\n   | ^\n");
  CHECK(at("é: µx y", 1, 4, 2) == "a.yaml:1:4: error[code]: message\n 1 | é: µx y\n   |    ^^\n");
}

TEST_CASE("tabs become one space, other control characters cannot reach the terminal") {
  CHECK(at("a:\tb\r\nc", 1, 4, 1) == "a.yaml:1:4: error[code]: message\n 1 | a: b\n   |    ^\n");
  CHECK(at("a: \x1b[31m", 1, 4, 1) == "a.yaml:1:4: error[code]: message\n 1 | a: ?[31m\n   |    ^\n");
}

TEST_CASE("a long line is shown as a window around the caret") {
  const std::string blanks(160, 'x');
  SECTION("160 characters are whole") {
    CHECK(at(blanks, 1, 160, 1) ==
          "a.yaml:1:160: error[code]: message\n 1 | " + blanks + "\n   | " + std::string(159, ' ') + "^\n");
  }
  SECTION("start of the line") {
    CHECK(at(blanks + "y", 1, 3, 2) ==
          "a.yaml:1:3: error[code]: message\n 1 | " + std::string(159, 'x') + "…\n   |   ^^\n");
  }
  SECTION("end of the line") {
    CHECK(at(blanks + "y", 1, 161, 1) == "a.yaml:1:161: error[code]: message\n 1 | …" + std::string(158, 'x') +
                                             "y\n   | " + std::string(159, ' ') + "^\n");
  }
  SECTION("middle, on both sides cut") {
    const std::string line = std::string(300, 'a') + "KEY" + std::string(300, 'b');
    CHECK(at(line, 1, 301, 3) == "a.yaml:1:301: error[code]: message\n 1 | …" + std::string(60, 'a') + "KEY" +
                                     std::string(95, 'b') + "…\n   | " + std::string(61, ' ') + "^^^\n");
  }
}

TEST_CASE("collected errors come out by file of first appearance, line and column, once each") {
  const SourcePtr second = source_from_text("second.yaml", "\n\n\n");
  const SourcePtr first = source_from_text("first.yaml", "\n\n\n");
  Diagnostics diagnostics;
  CHECK_NOTHROW(diagnostics.throw_if_any());
  CHECK(diagnostics.empty());
  diagnostics.error("c", Span{second, 3, 1, 1}, "third line");
  diagnostics.error("c", Span{first, 2, 1, 1}, "other file");
  diagnostics.error("c", Span{second, 1, 5, 1}, "column 5");
  diagnostics.error("c", Span{second, 1, 2, 1}, "column 2, first").note("n");
  diagnostics.error("c", Span{second, 1, 2, 1}, "column 2, second");
  diagnostics.error("c", Span{second, 1, 2, 1}, "column 2, first").note("n");
  diagnostics.error("c", Span{second, 1, 2, 1}, "column 2, first").note("other note");
  CHECK(diagnostics.size() == 7);
  std::vector<std::string> messages;
  try {
    diagnostics.throw_if_any();
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) messages.push_back(diagnostic.message);
  }
  CHECK(messages == std::vector<std::string>{"column 2, first", "column 2, second", "column 2, first", "column 5",
                                             "third line", "other file"});
}

TEST_CASE("very many errors are cut in the text, not in the list") {
  Diagnostics diagnostics;
  for (int i = 1; i <= 130; ++i) diagnostics.error("c", Span{source_from_text("f", ""), i, 1, 1}, "m");
  const std::string text = collected(diagnostics);
  CHECK(text.find("f:100:1: error[c]: m\n… and 30 more errors\n") != std::string::npos);
  CHECK(text.find("f:101:") == std::string::npos);
}

TEST_CASE("ensure throws InternalError only when the invariant is broken") {
  CHECK_NOTHROW(ensure(true, "fine"));
  CHECK_THROWS_WITH(ensure(false, "slots are balanced"), "slots are balanced");
  CHECK_THROWS_AS(ensure(false, ""), InternalError);
}
