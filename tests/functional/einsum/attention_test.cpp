// SPDX-License-Identifier: Apache-2.0
// Do the attention cascades, run by the evaluator, give what the hand-written kernels give?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "base/yaml_reader.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/reference/reference.hpp"
#include "einsum/reference/softmax_attention.hpp"
#include "einsum/reference/softmax_attention_blas.hpp"
#include "functional/einsum/compare.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

const std::vector<std::string> kCascades{"attention_1pass", "attention_2pass", "attention_3pass"};

struct Sizes {
  std::int64_t b = 1, h = 1, p = 1, m = 1, e = 1, f = 1, m0 = 256;
};

const std::vector<Sizes> kShapes{{1, 1, 1, 1, 1, 1, 4},        {1, 1, 1, 64, 16, 16, 16},    {1, 1, 5, 1, 8, 8, 4},
                                 {2, 3, 7, 10, 5, 6, 4},       {1, 2, 33, 50, 64, 64, 16},   {1, 1, 16, 17, 8, 12, 16},
                                 {2, 1, 20, 256, 32, 32, 256}, {1, 1, 9, 300, 64, 16, 256},  {1, 1, 70, 96, 40, 72, 1},
                                 {1, 1, 12, 31, 3, 2, 64},     {1, 1, 130, 513, 64, 64, 128}};

SourcePtr source_of(const std::string& cascade) {
  return read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/" + cascade + ".yaml");
}
Cascade shipped(const std::string& name) { return load_cascade(parse_yaml(source_of(name))); }

// The cascade with a predicate on its scores: key + `lead` <= query, so the first `lead` rows see no key.
Cascade masked(const std::string& name, int lead) {
  std::string text = source_of(name)->text;
  const std::string score = "rsqrt(E)\n";
  const std::string key = name == "attention_3pass" ? "m" : "m1*M0+m0";
  const auto at = text.find(score);
  REQUIRE(at != std::string::npos);
  text.replace(at, score.size(), fmt::format("rsqrt(E) | {}+{} <= p\n", key, lead));
  return load_cascade(parse_yaml(source_from_text(name, text)));
}

Shape shape_of(const Cascade& cascade, const Sizes& sizes) {
  Shape shape;
  for (const auto& [name, value] :
       {std::pair{"B", sizes.b}, {"H", sizes.h}, {"P", sizes.p}, {"M", sizes.m}, {"E", sizes.e}, {"F", sizes.f}}) {
    shape.set(name, value);
  }
  if (!cascade.partitions().empty()) shape.set("M0", sizes.m0);
  return cascade.bind(shape, {});
}

// N(0,1) inputs in the values of `dtype`; queries times `peak`.
ReferenceTensors random_inputs(const Sizes& sizes, Dtype dtype, double peak) {
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  ReferenceTensors inputs;
  inputs["Q"] = Tensor<double>({"B", "H", "P", "E"}, {sizes.b, sizes.h, sizes.p, sizes.e});
  inputs["K"] = Tensor<double>({"B", "H", "M", "E"}, {sizes.b, sizes.h, sizes.m, sizes.e});
  inputs["V"] = Tensor<double>({"B", "H", "M", "F"}, {sizes.b, sizes.h, sizes.m, sizes.f});
  for (auto& [name, tensor] : inputs) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.data()[i] = round_to(dtype, normal(random) * (name == "Q" ? peak : 1));
    }
  }
  return inputs;
}

template <class T>
Tensor<T> converted(const Tensor<double>& tensor) {
  Tensor<T> result(tensor.ranks(), tensor.extents());
  std::transform(tensor.data(), tensor.data() + tensor.size(), result.data(),
                 [](double x) { return static_cast<T>(x); });
  return result;
}

template <class T>
void check(const Cascade& cascade, const Sizes& sizes, Dtype dtype, double tolerance, double peak = 1,
           const AttentionMask& mask = {}) {
  const ReferenceTensors inputs = random_inputs(sizes, dtype, peak);
  const Shape shape = shape_of(cascade, sizes);
  auto store = make_store<T>(cascade, shape, static_cast<T>(std::nan("")));
  for (const auto& [name, tensor] : inputs) store.at(name) = converted<T>(tensor);
  evaluate(cascade, shape, {dtype}, store);
  const auto reference = softmax_attention(inputs.at("Q"), inputs.at("K"), inputs.at("V"), mask);
  INFO(fmt::format("{} {} B{} H{} P{} M{} E{} F{} M0={}", cascade.name(), name_of(dtype), sizes.b, sizes.h, sizes.p,
                   sizes.m, sizes.e, sizes.f, sizes.m0));
  CHECK(first_mismatch(store.at("AV"), reference, tolerance) == "");
}

}  // namespace

TEST_CASE("fp64 within 1e-12") {
  for (const auto& name : kCascades) {
    for (const auto& sizes : kShapes) check<double>(shipped(name), sizes, Dtype::fp64, 1e-12);
  }
}

TEST_CASE("fp32 within 1e-5") {
  for (const auto& name : kCascades) {
    for (const auto& sizes : kShapes) check<float>(shipped(name), sizes, Dtype::fp32, 1e-5);
  }
}

TEST_CASE("scores times 40: one key takes a row; fp32 within 1e-4") {
  for (const auto& name : kCascades) {
    for (const auto& sizes : kShapes) {
      check<double>(shipped(name), sizes, Dtype::fp64, 1e-12, 40);
      check<float>(shipped(name), sizes, Dtype::fp32, 1e-4, 40);
    }
  }
}

// 8 significant bits: a score of size 4 is off by up to 2^-6, and a running sum by up to 2^-9 per tile.
TEST_CASE("bf16 within 5e-2, fp16 within 1e-2") {
  for (const auto& name : kCascades) {
    for (const auto& sizes : kShapes) {
      if (sizes.m0 < 4) continue;  // 96 roundings of a running sum
      check<float>(shipped(name), sizes, Dtype::bf16, 5e-2);
      check<float>(shipped(name), sizes, Dtype::fp16, 1e-2);
    }
  }
}

TEST_CASE("causal masks; rows that see no key give 0") {
  for (const auto& name : kCascades) {
    for (const int lead : {0, 3, 1000}) {
      const Cascade cascade = masked(name, lead);
      const AttentionMask mask = [lead](std::int64_t p, std::int64_t m) { return m + lead <= p; };
      for (const auto& sizes : kShapes) {
        check<double>(cascade, sizes, Dtype::fp64, 1e-12, 1, mask);
        check<float>(cascade, sizes, Dtype::fp32, 1e-5, 1, mask);
      }
    }
  }
}

TEST_CASE("scores of -inf count as absent") {
  const Sizes sizes{1, 1, 3, 8, 1, 2, 4};
  for (const auto& name : kCascades) {
    const Cascade cascade = shipped(name);
    const Shape shape = shape_of(cascade, sizes);
    auto store = make_store<double>(cascade, shape, std::nan(""));
    for (const auto& [input, tensor] : random_inputs(sizes, Dtype::fp64, 1)) store.at(input) = tensor;
    for (std::int64_t m = 0; m < 8; ++m) store.at("K")(0, 0, m, 0) = -std::numeric_limits<double>::infinity();
    for (std::int64_t p = 0; p < 3; ++p) store.at("Q")(0, 0, p, 0) = 1;
    evaluate(cascade, shape, {Dtype::fp64}, store);
    for (std::int64_t i = 0; i < store.at("AV").size(); ++i) CHECK(store.at("AV").data()[i] == 0);
  }
}

TEST_CASE("the cascades name a reference kernel that takes their inputs") {
  for (const auto& name : kCascades) {
    const Cascade cascade = shipped(name);
    const ReferenceKernel* kernel = find_reference(cascade.reference());
    REQUIRE(kernel != nullptr);
    const Sizes sizes{1, 2, 3, 4, 5, 6, 2};
    const auto inputs = random_inputs(sizes, Dtype::fp64, 1);
    for (const auto& input : kernel->inputs) CHECK(cascade.find_tensor(input)->role == TensorRole::input);
    ReferenceSetting setting;
    setting.extents = shape_of(cascade, sizes).values();
    REQUIRE(kernel->outputs.size() == 1);
    const Tensor<double> out = kernel->run(inputs, setting).at(kernel->outputs[0].tensor);
    CHECK(out.ranks() == kernel->outputs[0].ranks);
    CHECK(out.ranks() == cascade.find_tensor("AV")->ranks);
    CHECK(first_mismatch(out, softmax_attention(inputs.at("Q"), inputs.at("K"), inputs.at("V")), 0) == "");
    CHECK_THROWS_AS(kernel->run({}, {}), InternalError);
  }
  CHECK(find_reference("softmax") == nullptr);
}

TEST_CASE("the BLAS kernel agrees with the plain one, causal or not, in any block size") {
  for (const auto& sizes : kShapes) {
    for (const bool causal : {false, true}) {
      const auto inputs = random_inputs(sizes, Dtype::fp32, 1);
      const AttentionMask mask = [](std::int64_t p, std::int64_t m) { return m <= p; };
      const auto plain =
          softmax_attention(inputs.at("Q"), inputs.at("K"), inputs.at("V"), causal ? mask : AttentionMask{});
      for (const std::int64_t block : {1, 8, 128}) {
        const auto fast = softmax_attention_blas(converted<float>(inputs.at("Q")), converted<float>(inputs.at("K")),
                                                 converted<float>(inputs.at("V")), causal, block);
        CHECK(first_mismatch(fast, plain, 1e-5) == "");
      }
    }
  }
}
