// SPDX-License-Identifier: Apache-2.0
// Is the document read as it stands, with every Span in place, and everything outside the strict subset refused?
#include "base/yaml_reader.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "unit/base/thrown.hpp"

using namespace einloom;
using einloom::test::thrown;

namespace {

YamlNode parse(const std::string& text) { return parse_yaml(source_from_text("d.yaml", text)); }

std::string refusal(const std::string& text) {
  return thrown([&] { (void)parse(text); });
}

// The characters a span underlines, from the source.
std::string underlined(const Span& span) {
  std::string line = span.file->text;
  for (int i = 1; i < span.line; ++i) line = line.substr(line.find('\n') + 1);
  line = line.substr(0, line.find('\n'));
  return line.substr(static_cast<std::size_t>(span.column - 1), static_cast<std::size_t>(span.length));
}

std::string shape(const YamlNode& node) {
  std::vector<std::string> parts;
  for (const YamlNode& item : node.items()) parts.push_back(shape(item));
  for (const YamlEntry& entry : node.entries()) parts.push_back(fmt::format("{}={}", entry.key, shape(entry.value)));
  switch (node.kind()) {
    case YamlKind::null:
      return "~";
    case YamlKind::scalar:
      return fmt::format("'{}'", node.text());
    case YamlKind::sequence:
      return fmt::format("[{}]", fmt::join(parts, " "));
    case YamlKind::map:
      return fmt::format("{{{}}}", fmt::join(parts, " "));
  }
  return "?";
}

}  // namespace

TEST_CASE("maps, sequences, scalars and nulls keep their order and text") {
  CHECK(shape(parse("b: 1\na: [x, 010, {k: 1e3}]\n")) == "{b='1' a=['x' '010' {k='1e3'}]}");
  CHECK(shape(parse("- 1\n- - 2\n  - 3\n- k: v\n")) == "['1' ['2' '3'] {k='v'}]");
  CHECK(shape(parse("a:\nb: ~\nc: null\nd: ''\n")) == "{a=~ b=~ c=~ d=''}");
  CHECK(shape(parse("--- # start\na: 1\n...\n")) == "{a='1'}");
  CHECK(shape(parse("%YAML 1.2\n---\na: yes\n")) == "{a='yes'}");
  CHECK(shape(parse("just text")) == "'just text'");
  CHECK(shape(parse("a: one\n  two\n")) == "{a='one two'}");
  CHECK(shape(parse("t: |\n  x = 1\n    y\n\n  z\n")) == "{t='x = 1\n  y\n\nz\n'}");
  CHECK(shape(parse("a: 1\r\nb: 2\r\n")) == "{a='1' b='2'}");
  CHECK(parse("a: {b: 7}").find("a").find("b").text() == "7");
  CHECK_FALSE(parse("a: 1").find("b").defined());
  CHECK_FALSE(parse("[1]").find("a").defined());
}

TEST_CASE("an undefined node reads as null without position") {
  const YamlNode nothing;
  CHECK_FALSE(nothing.defined());
  CHECK(nothing.kind() == YamlKind::null);
  CHECK(nothing.span().line == 0);
  CHECK(nothing.text().empty());
  CHECK(nothing.items().empty());
  CHECK(nothing.entries().empty());
}

TEST_CASE("spans underline the scalar, without its quotes") {
  const YamlNode root = parse(
      "plain: 16 MiB   # comment\n"
      "single: 'it''s, x'\n"
      "double: \"a \\\" b\"\n"
      "flow: {m0: 512, p1: [2560, x]}\n"
      "two: first\n  second\n"
      "empty: ''\n");
  CHECK(underlined(root.find("plain").span()) == "16 MiB");
  CHECK(underlined(root.find("single").span()) == "it''s, x");
  CHECK(underlined(root.find("double").span()) == "a \\\" b");
  CHECK(underlined(root.find("flow").span()) == "{");
  CHECK(underlined(root.find("flow").find("p1").span()) == "[");
  CHECK(underlined(root.find("flow").find("p1").items()[0].span()) == "2560");
  CHECK(underlined(root.find("flow").entries()[1].key_span) == "p1");
  CHECK(underlined(root.find("two").span()) == "first");
  CHECK(underlined(root.find("empty").span()) == "''");
  CHECK(underlined(root.span()) == "p");
  CHECK(root.find("two").span().line == 5);
}

TEST_CASE("the span of a value left out is its key") {
  const YamlNode root = parse("a:\n  rows:\n  columns: ~\nb: 1\n");
  CHECK(underlined(root.find("a").find("rows").span()) == "rows");
  CHECK(root.find("a").find("rows").span().line == 2);
  CHECK(underlined(root.find("a").find("columns").span()) == "~");
  CHECK(underlined(parse("{a, b: 1}").find("a").span()) == "a");
}

TEST_CASE("columns count code points") {
  const YamlNode root = parse("{é: µµ, k: x}");
  CHECK(root.find("é").span().column == 5);
  CHECK(root.find("é").span().length == 2);
  CHECK(root.find("k").span().column == 12);
}

TEST_CASE("line k of a block scalar stands at span.line + k") {
  const YamlNode root = parse(
      "a:\n  text: |  # why\n    first = 1\n      second\nfolded: >-\n   one\n   two\nindented: |2\n    four\n"
      "late: |\n\n  third\nnone: |\nend: 1\n");
  const YamlNode text = root.find("a").find("text");
  CHECK(text.text() == "first = 1\n  second\n");
  CHECK(text.span().line == 3);
  CHECK(underlined(text.span()) == "first = 1");
  CHECK(underlined(text.span().part(8, 1)) == "1");
  CHECK(underlined(root.find("folded").span()) == "one");
  CHECK(root.find("folded").text() == "one two");
  CHECK(root.find("indented").text() == "  four\n");
  CHECK(root.find("indented").span().line == 9);
  CHECK(root.find("indented").span().column == 3);
  CHECK(root.find("late").text() == "\nthird\n");
  CHECK(root.find("late").span().line == 11);  // line 1 of the text is the source's line 12
  CHECK(root.find("late").span().column == 3);
  CHECK(root.find("none").text().empty());
}

TEST_CASE("yaml-duplicate-key: every repetition, with the first") {
  CHECK(refusal("rows: 1\ncolumns: 2\nrows: 3\nin: {a: 1, a: 2}\n") ==
        "d.yaml:3:1: error[yaml-duplicate-key]: key `rows` appears twice in one map; it must be unique\n"
        " 3 | rows: 3\n"
        "   | ^^^^\n"
        "d.yaml:1:1: note: first here\n"
        "d.yaml:4:12: error[yaml-duplicate-key]: key `a` appears twice in one map; it must be unique\n"
        " 4 | in: {a: 1, a: 2}\n"
        "   |            ^\n"
        "d.yaml:4:6: note: first here\n");
  CHECK(refusal("a: {x: 1}\nb: {x: 1}\n").empty());
}

TEST_CASE("yaml-several-documents") {
  CHECK(refusal("a: 1\n---\nb: 2\n") ==
        "d.yaml:2:1: error[yaml-several-documents]: a second document starts here; a file holds exactly one document\n"
        " 2 | ---\n"
        "   | ^^^\n");
  CHECK(refusal("---\na: 1\n---\n").find("d.yaml:3:1: error[yaml-several-documents]") == 0);
}

TEST_CASE("yaml-merge-key") {
  CHECK(refusal("a:\n  <<: {x: 1}\n  b: 2\n") ==
        "d.yaml:2:3: error[yaml-merge-key]: merge key `<<`; documents spell out every key where it applies\n"
        " 2 |   <<: {x: 1}\n"
        "   |   ^^\n");
}

TEST_CASE("yaml-alias: anchors and aliases, known or not") {
  const std::string rule = "anchors (`&`) and aliases (`*`) are not allowed; write the value where it is used\n";
  const std::string help = "help: a text that starts with `&` or `*` needs quotes\n";
  CHECK(refusal("a: &x 1\nb: *x\n") == "d.yaml:1:4: error[yaml-alias]: " + rule + " 1 | a: &x 1\n   |    ^^\n" + help +
                                           "d.yaml:2:4: error[yaml-alias]: " + rule + " 2 | b: *x\n   |    ^^\n" +
                                           help);
  CHECK(refusal("b: *never\n") == "d.yaml:1:4: error[yaml-alias]: " + rule + " 1 | b: *never\n   |    ^^^^^^\n" + help);
  CHECK(refusal("a: &x {b: *x}\n").find("d.yaml:1:4: error[yaml-alias]") == 0);
  CHECK(refusal("a: &x k\n*x : 1\n").find("d.yaml:2:1: error[yaml-alias]") != std::string::npos);
  CHECK(refusal("a: '&x'\nb: \"*x\"\n").empty());
}

TEST_CASE("yaml-too-deep at level 65, not at 64") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(refusal(nested(64)).empty());
  CHECK(refusal(nested(65)) ==
        "d.yaml:1:65: error[yaml-too-deep]: more than 64 levels of nesting; a document has at most 64\n 1 | " +
            nested(65) + "\n   | " + std::string(64, ' ') + "^\n");
  for (const std::string opening : {"[", "{a: ", "- ", "? ", "- a:\n "}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += opening;
    INFO(opening);
    CHECK(refusal(text).find("error[yaml-") != std::string::npos);
  }
}

TEST_CASE("yaml-empty: comments are not a document") {
  CHECK(refusal("# nothing\n") ==
        "d.yaml: error[yaml-empty]: no value but comments and blanks; a document is expected here\n");
  CHECK(refusal("").find("error[yaml-empty]") != std::string::npos);
}

TEST_CASE("yaml-syntax: what yaml-cpp refuses, at its place") {
  CHECK(refusal("a: [1, 2\nb: 3\n").find("error[yaml-syntax]: not valid YAML: ") != std::string::npos);
  CHECK(refusal("a: b: c\n") ==
        "d.yaml:1:5: error[yaml-syntax]: not valid YAML: illegal map value\n 1 | a: b: c\n   |     ^\n");
  CHECK(refusal("[1, [2]\n") ==
        "d.yaml:2:1: error[yaml-syntax]: not valid YAML: end of sequence flow not found\n 2 |\n   | ^\n"
        "d.yaml:1:1: note: opened here\n");
  CHECK(refusal("a: @x\n").find("d.yaml:1:4: error[yaml-syntax]: not valid YAML: ") == 0);
  CHECK(refusal("a: 1\n b: 2\n").find("error[yaml-syntax]") != std::string::npos);
}

TEST_CASE("yaml-syntax: what yaml-cpp would let pass") {
  for (const std::string quote : {"'", "\""}) {
    const std::string line = "a: " + quote + "x\n";
    CHECK(refusal(line) ==
          "d.yaml:1:4: error[yaml-syntax]: the quote opened here is never closed\n 1 | " + line + "   |    ^\n");
    CHECK(refusal("a: " + quote + "x\n  y" + quote + "\n").empty());
  }
  CHECK(refusal("a:\n\t b: 1\n") ==
        "d.yaml:2:1: error[yaml-syntax]: a tab in the indentation; use spaces\n 2 |   b: 1\n   | ^\n");
  CHECK(refusal("a: 1\n\t\nb: 2\n").find("d.yaml:2:1: error[yaml-syntax]: a tab in the indentation") == 0);
  CHECK(refusal("a:\t1\t# not in the indentation\n").empty());
  CHECK(refusal("a: !!int 5\n") ==
        "d.yaml:1:4: error[yaml-syntax]: tag `tag:yaml.org,2002:int`; a value's type follows from its place\n"
        " 1 | a: !!int 5\n"
        "   |    ^^^^^\n"
        "help: a text that starts with `!` needs quotes\n");
  CHECK(refusal("a: x\x04y\n") ==
        "d.yaml:1:5: error[yaml-syntax]: the byte 0x04 is not text; documents are UTF-8 without control characters\n"
        " 1 | a: x?y\n"
        "   |     ^\n");
  CHECK(refusal("? [a]\n: 1\n") ==
        "d.yaml:1:3: error[yaml-syntax]: a key must be a scalar; found a list\n 1 | ? [a]\n   |   ^\n");
  CHECK(refusal("{{a: 1}: 2}").find("error[yaml-syntax]: a key must be a scalar; found a map") != std::string::npos);
  CHECK(refusal("~: 1\n") ==
        "d.yaml:1:1: error[yaml-syntax]: a key must be a scalar; found nothing\n 1 | ~: 1\n   | ^\n");
  CHECK(refusal("[1, 2]\na: 3\n").find("error[yaml-syntax]") != std::string::npos);
}

TEST_CASE("a hopeless document stops at a hundred errors") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a: &x 1\n";
  std::size_t count = 0;
  try {
    (void)parse(text);
  } catch (const UserError& error) {
    count = error.diagnostics().size();
  }
  CHECK(count >= 100);
  CHECK(count <= 101);
}

TEST_CASE("damaged documents end in a UserError or a tree, never otherwise") {
  const std::string good =
      "machine: fusemax\nclock: 940 MHz\ncomponents:\n  array2d: {rows: 256, 'columns': \"256\"}\n  list:\n"
      "    - a: &x |\n        text\n    - ? k\n      : *x\n    - >-\n        folded\n    - !t v\n";
  std::mt19937 random(3);
  const std::string alphabet = ":-?[]{},#&*!|>'\"%@` \n\tax0.~<\\\r";
  int trees = 0;
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = good;
    for (unsigned edits = 1 + random() % 6; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 8);
      } else if (random() % 2 == 0) {
        text[at] = c;
      } else {
        text.insert(at, 1, c);
      }
      if (text.empty()) text.push_back('a');
    }
    try {
      (void)shape(parse(text));
      ++trees;
    } catch (const UserError& error) {
      ++refused;
      for (const Diagnostic& diagnostic : error.diagnostics()) (void)render(diagnostic);
    }
  }
  CHECK(trees + refused == 20000);
}

TEST_CASE("load_yaml reads and parses a file") {
  CHECK(thrown([] { (void)load_yaml("/no/such/file.yaml"); }) ==
        "/no/such/file.yaml: error[file-missing]: no such file\n");
}

TEST_CASE("with_override replaces, creates and indexes; the document itself stays") {
  const YamlNode root = parse("components:\n  array2d: {rows: 256}\nlist: [a, {k: v}]\n");
  CHECK(shape(with_override(root, "components.array2d.rows", "128", "--set")) ==
        "{components={array2d={rows='128'}} list=['a' {k='v'}]}");
  CHECK(shape(with_override(root, "components.dram.clock", "1 GHz", "--set")) ==
        "{components={array2d={rows='256'} dram={clock='1 GHz'}} list=['a' {k='v'}]}");
  CHECK(shape(with_override(root, "list.1.k", "[1, {z: 2}]", "--set")) ==
        "{components={array2d={rows='256'}} list=['a' {k=['1' {z='2'}]}]}");
  CHECK(shape(with_override(YamlNode(), "a.b", "1", "--set")) == "{a={b='1'}}");
  CHECK(shape(with_override(parse("a:\n"), "a.b", "1", "--set")) == "{a={b='1'}}");
  CHECK(shape(root) == "{components={array2d={rows='256'}} list=['a' {k='v'}]}");
}

TEST_CASE("with_override: spans are in path=value") {
  const YamlNode root = with_override(parse("é: {rows: 1}"), "é.rows", "{x: twelve}", "--set");
  const YamlNode x = root.find("é").find("rows").find("x");
  Diagnostics diagnostics;
  (void)read_integer(x, "x", diagnostics, 0, 9, 0);
  CHECK(einloom::test::collected(diagnostics) ==
        "--set:1:12: error[yaml-type]: `x` must be an integer; found `twelve`\n"
        " 1 | é.rows={x: twelve}\n"
        "   |            ^^^^^^\n");
  const YamlNode made = with_override(root, "new.key", "v", "--set").find("new");
  CHECK(made.span().column == 1);
  CHECK(made.entries()[0].key_span.column == 5);
}

TEST_CASE("override-path and errors of the value") {
  const YamlNode root = parse("rows: 256\nlist: [a]\n");
  const auto refused = [&](const std::string& path, const std::string& value) {
    return thrown([&] { (void)with_override(root, path, value, "--set"); });
  };
  const std::string help = "help: write path=value, keys joined by dots: components.array2d.rows=128\n";
  CHECK(refused("rows.x", "1") ==
        "--set:1:6: error[override-path]: `x` would be inside the value `256`; only maps and lists have parts\n"
        " 1 | rows.x=1\n   |      ^\n"
        "d.yaml:1:7: note: the value in the document\n");
  CHECK(refused("list.1", "1") ==
        "--set:1:6: error[override-path]: index 1 is past the end; the list has 1 items, counted from 0\n"
        " 1 | list.1=1\n   |      ^\n"
        "d.yaml:2:7: note: the value in the document\n");
  CHECK(refused("list.x", "1") ==
        "--set:1:6: error[override-path]: `x` is not an index; the value here is a list of 1\n"
        " 1 | list.x=1\n   |      ^\n"
        "d.yaml:2:7: note: the value in the document\n");
  CHECK(refused("a..b", "1") ==
        "--set:1:3: error[override-path]: a path has no empty parts\n 1 | a..b=1\n   |   ^\n" + help);
  CHECK(refused("", "1").find("--set:1:1: error[override-path]: a path has no empty parts") == 0);
  CHECK(refused("a.", "1").find("--set:1:3: error[override-path]: a path has no empty parts") == 0);
  CHECK(refused("a\nb", "1").find("error[override-path]: a path has one line") != std::string::npos);
  std::string deep = "a";
  for (int i = 0; i < 63; ++i) deep += ".a";
  CHECK(refused(deep, "1").find("error[override-path]: the path has 64 parts; a document nests at most 64") !=
        std::string::npos);
  CHECK(refused("a", "[1").find("error[yaml-syntax]: not valid YAML: ") != std::string::npos);
  CHECK(refused("a", "") ==
        "--set: error[yaml-empty]: no value but comments and blanks; a document is expected here\n");
  CHECK(refused("a", "{x: 1, x: 2}") ==
        "--set:1:10: error[yaml-duplicate-key]: key `x` appears twice in one map; it must be unique\n"
        " 1 | a={x: 1, x: 2}\n   |          ^\n"
        "--set:1:4: note: first here\n");
}
