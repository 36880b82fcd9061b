// SPDX-License-Identifier: Apache-2.0
// Model documents, and the four models of FuseMax.
#include "experiments/model.hpp"

#include <catch2/catch.hpp>

#include "einsum/cascade.hpp"
#include "experiments/documents.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

Model model_from(const std::string& text) { return load_model(parse_yaml(source_from_text("model.yaml", text))); }
std::string code(const std::string& text) {
  return codes_of([&] { (void)model_from("model: X\nsource: s\n" + text); });
}

}  // namespace

TEST_CASE("the models FuseMax evaluates") {
  struct Shape {
    const char* name;
    std::int64_t heads, head, model, feed_forward;
  };
  const Library library(EINLOOM_SOURCE_DIR);
  for (const Shape& shape : {Shape{"BERT", 12, 64, 768, 3072}, Shape{"TrXL", 16, 64, 1024, 4096},
                             Shape{"T5", 8, 64, 512, 2048}, Shape{"XLM", 16, 128, 2048, 8192}}) {
    const Model model = load_model(library.load(DocumentKind::model, shape.name, Span{}));
    CHECK(model.name == shape.name);
    CHECK(model.extents == std::map<std::string, std::int64_t>{{"B", 64},
                                                               {"D", shape.model},
                                                               {"E", shape.head},
                                                               {"F", shape.head},
                                                               {"H", shape.heads},
                                                               {"S", shape.feed_forward}});
    CHECK(model.from_seq_len == std::vector<std::string>{"P", "M"});
  }
}

TEST_CASE("a model chooses the form of the cascade and its usual length") {
  const Model model = model_from(
      "model: X\nsource: s\nextents: {B: 1}\nfrom_seq_len: [P]\nseq_len: 64\noptions: {form: paper}\n"
      "constants: {EPS: 1e-5}\n");
  CHECK(model.seq_len == 64);
  REQUIRE(model.choices.size() == 2);
  CHECK(model.choices[0].name == "form");
  CHECK(model.choices[0].value == "paper");
  CHECK(model.choices[1].name == "EPS");
  const YamlNode document =
      parse_yaml(source_from_text("c.yaml",
                                  "cascade: c\nranks: [M]\nconstants: {EPS: 1}\noptions: {form: [soft, paper]}\n"
                                  "tensors: {A: {ranks: [M], role: input}, Z: {ranks: [M], role: output}}\n"
                                  "einsums:\n  - {when: {form: soft}, einsums: [\"Z[m] = A[m]\"]}\n"
                                  "  - {when: {form: paper}, einsums: [\"Z[m] = A[m] / EPS\"]}\n"));
  CHECK(print_einsum(load_cascade(document).einsums().front()) == "Z[m] = A[m]");
  const Cascade chosen = load_cascade(with_choices(document, model.choices));
  CHECK(print_einsum(chosen.einsums().front()) == "Z[m] = A[m] / EPS");
  CHECK(chosen.constants().front().value == 1e-5);
  CHECK(chosen.options().front().chosen == "paper");
  CHECK(chosen.options().front().values == std::vector<std::string>{"paper", "soft"});
}

TEST_CASE("what a model must not say") {
  CHECK(code("extents: {B: 1}\n") == "");
  CHECK(code("") == "missing-key");
  CHECK(code("extents: {b: 1}\n") == "model-rank-name");
  CHECK(code("extents: {B: 0}\n") == "value-range");
  CHECK(code("extents: {P: 1}\nfrom_seq_len: [P]\n") == "model-extent-twice");
  CHECK(code("extents: [B]\n") == "yaml-type");
  CHECK(code("extents: {B: 1}\nseq_len: 64\n") == "model-no-seq-len");
  CHECK(code("extents: {B: 1}\nfrom_seq_len: [P]\nseq_len: 0\n") == "value-range");
  CHECK(code("extents: {B: 1}\noptions: [form]\n") == "yaml-type");
  CHECK(code("extents: {B: 1}\nconstants: {EPS: small}\n") == "yaml-type");
  CHECK(code("extents: {B: 1}\nform_seq_len: [P]\n") == "unknown-key");
}

}  // namespace einloom
