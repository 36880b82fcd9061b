// SPDX-License-Identifier: Apache-2.0
// Model documents, and the four models of FuseMax.
#include "experiments/model.hpp"

#include <catch2/catch.hpp>

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

TEST_CASE("what a model must not say") {
  CHECK(code("extents: {B: 1}\n") == "");
  CHECK(code("") == "missing-key");
  CHECK(code("extents: {b: 1}\n") == "model-rank-name");
  CHECK(code("extents: {B: 0}\n") == "value-range");
  CHECK(code("extents: {P: 1}\nfrom_seq_len: [P]\n") == "model-extent-twice");
  CHECK(code("extents: [B]\n") == "yaml-type");
  CHECK(code("extents: {B: 1}\nform_seq_len: [P]\n") == "unknown-key");
}

}  // namespace einloom
