// SPDX-License-Identifier: Apache-2.0
// Finding documents by name and by path, and the text that stands for their content.
#include "experiments/documents.hpp"

#include <catch2/catch.hpp>

#include "temporary_folder.hpp"
#include "user_errors.hpp"

namespace einloom {

TEST_CASE("names are files of the kind's folder, specs in folders below too") {
  const TemporaryFolder root;
  root.write("arch/machines/b.yaml", "machine: b\n");
  root.write("arch/machines/a.yaml", "machine: a\n");
  root.write("arch/machines/notes.txt", "no\n");
  root.write("experiments/specs/deep/s.yaml", "spec: s\n");
  const Library library(root.path());
  CHECK(library.names(DocumentKind::machine) == std::vector<std::string>{"a", "b"});
  CHECK(library.names(DocumentKind::plan).empty());
  CHECK(library.load(DocumentKind::spec, "s", Span{}).find("spec").text() == "s");
}

TEST_CASE("paths are relative to the document that asks") {
  const TemporaryFolder root;
  root.write("here/asking.yaml", "spec: s\n");
  root.write("here/plans/p.yaml", "plan: p\n");
  const Library library(root.path());
  const Span asked_at{source_from_text((root.path() / "here/asking.yaml").string(), "x"), 1, 1, 1};
  CHECK(library.load(DocumentKind::plan, "plans/p.yaml", asked_at).find("plan").text() == "p");
}

TEST_CASE("an unknown name gets the nearest one") {
  const TemporaryFolder root;
  root.write("arch/machines/fusemax.yaml", "machine: fusemax\n");
  const Library library(root.path());
  const Span asked_at{source_from_text("plan.yaml", "machine: fusmax"), 1, 10, 6};
  const std::string text = rendered([&] { (void)library.load(DocumentKind::machine, "fusmax", asked_at); });
  CHECK(text.find("plan.yaml:1:10: error[unknown-document]: there is no machine named `fusmax`") == 0);
  CHECK(text.find("help: did you mean `fusemax`?\n") != std::string::npos);
}

TEST_CASE("a missing file says who asked for it") {
  const TemporaryFolder root;
  const Library library(root.path());
  const Span asked_at{source_from_text((root.path() / "plan.yaml").string(), "machine: ./m.yaml"), 1, 10, 8};
  const std::string text = rendered([&] { (void)library.load(DocumentKind::machine, "./m.yaml", asked_at); });
  CHECK(text.find("error[file-missing]") != std::string::npos);
  CHECK(text.find("plan.yaml:1:10: note: asked for here") != std::string::npos);
}

TEST_CASE("the first key says what a document is") {
  const auto kind = [](const std::string& text) { return kind_of(parse_yaml(source_from_text("d.yaml", text))); };
  CHECK(kind("machine: m\n") == DocumentKind::machine);
  CHECK(kind("spec: s\nplan: p\n") == DocumentKind::spec);
  CHECK(kind("description: d\nmachine: m\n") == std::nullopt);
  CHECK(kind("- machine\n") == std::nullopt);
}

TEST_CASE("canonical text ignores layout and comments, nothing else") {
  const auto text = [](const std::string& yaml) {
    return canonical_text(parse_yaml(source_from_text("d.yaml", yaml)));
  };
  CHECK(text("a: [1, 2]  # comment\nb:\n  c: x\n") == "{\"a\": [\"1\", \"2\"], \"b\": {\"c\": \"x\"}}");
  CHECK(text("a:\n  - 1\n  - 2\nb: {c: x}\n") == text("a: [1, 2]\nb:\n  c: x\n"));
  CHECK(text("a: 1\nb: 2\n") != text("b: 2\na: 1\n"));
  CHECK(text("a: \"x\\\"y\"\n") == text(text("a: \"x\\\"y\"\n")));
}

}  // namespace einloom
