// SPDX-License-Identifier: Apache-2.0
// Do values carried through the simulated schedule agree with the hand-written softmax kernel? And does the check fail
// when they should not?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "einsum/counts.hpp"
#include "einsum/reference/softmax_attention.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "sim/execute.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Sizes around tiles of dim: whole, one less, one more, less than one, single rows.
std::vector<AttentionShape> shapes(std::int64_t dim) {
  return {{1, 1, dim, dim, 8, 8},
          {1, 2, 4 * dim, 3 * dim, 8, 8},
          {2, 1, 3 * dim - 1, 2 * dim + 1, 5, 7},
          {1, 1, 2 * dim + 3, 5 * dim - 1, 16, 4},
          {1, 1, dim - 1, dim - 1, 8, 8},
          {2, 2, 1, 3 * dim + 2, 8, 8},
          {1, 1, 1, 1, 1, 1},
          {1, 1, 5 * dim, 1, 3, 9},
          {1, 1, 12 * dim, 2 * dim, 4, 4}};
}

Machine array_of(std::int64_t dim) { return machine_of("fusemax", {{"parameters.dim", std::to_string(dim)}}); }

ReferenceFunction softmax(const AttentionMask& mask = {}) {
  return [mask](const TensorStore<double>& inputs, const Shape&) {
    TensorStore<double> outputs;
    outputs.emplace("AV", softmax_attention(inputs.at("Q"), inputs.at("K"), inputs.at("V"), mask));
    return outputs;
  };
}

// The cascade with key + lead <= query on its scores: the first `lead` queries see no key.
Cascade masked(std::int64_t lead) {
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/attention_1pass.yaml")->text;
  const std::string score = "rsqrt(E)\n";
  const auto at = text.find(score);
  REQUIRE(at != std::string::npos);
  text.replace(at, score.size(), fmt::format("rsqrt(E) | m1*M0+m0+{} <= p\n", lead));
  return load_cascade(parse_yaml(source_from_text("masked.yaml", text)));
}

struct Setting {
  std::string plan;
  Overrides overrides;
};
std::vector<Setting> settings() {
  return {{kInterleaved, {}},
          {kSerial, {}},
          {kInterleaved, {{"in_flight", "3"}, {"issue", "listed_first"}}},
          {kInterleaved, {{"tiles.P1", "largest_divisor(ceil(P / P0), 2)"}}},
          {kSerial, {{"barrier", "machine"}, {"tiles.P1", "1"}}},
          {kInterleaved, {{"keep.K.slots", "1"}, {"keep.V.slots", "1"}, {"keep.AV.slots", "1"}}}};
}

CheckReport check(const Cascade& cascade, std::int64_t dim, const Setting& setting, const AttentionShape& shape,
                  Dtype dtype, double scale, const ReferenceFunction& reference) {
  CheckOptions options;
  options.dtype = dtype;
  options.input_scale = scale;
  options.seed = 7;
  return check_values(cascade, array_of(dim), plan_of(setting.plan, setting.overrides), shape.shape(), reference,
                      options, {});
}

std::string text(std::int64_t dim, const Setting& setting, const AttentionShape& s) {
  std::string text =
      fmt::format("{} dim {} B={} H={} P={} M={} E={} F={}", setting.plan, dim, s.b, s.h, s.p, s.m, s.e, s.f);
  for (const auto& [path, value] : setting.overrides) text += fmt::format(" {}={}", path, value);
  return text;
}

}  // namespace

TEST_CASE("every plan carries the kernel's values, in every dtype") {
  const Cascade cascade = cascade_of("attention_1pass");
  for (const auto& [dtype, tolerance] : {std::pair{Dtype::fp64, 1e-12}, {Dtype::fp32, 1e-5}, {Dtype::bf16, 0.1}}) {
    double largest = 0;
    for (const std::int64_t dim : {4, 7, 16}) {
      for (const Setting& setting : settings()) {
        for (const AttentionShape& shape : shapes(dim)) {
          INFO(text(dim, setting, shape) << " " << name_of(dtype));
          const CheckReport report = check(cascade, dim, setting, shape, dtype, 1, softmax());
          INFO(report.first_mismatch);
          CHECK(report.passed);
          CHECK(report.values == shape.b * shape.h * shape.p * shape.f);
          CHECK(report.max_rel_error <= tolerance);
          largest = std::max(largest, report.max_rel_error);
        }
      }
    }
    fmt::print("{}: relative error at most {:.3g}\n", name_of(dtype), largest);
  }
}

TEST_CASE("scores times 40: one key takes each row") {
  const Cascade cascade = cascade_of("attention_1pass");
  for (const Dtype dtype : {Dtype::fp64, Dtype::fp32, Dtype::bf16}) {
    for (const Setting& setting : {Setting{kInterleaved, {}}, Setting{kSerial, {}}}) {
      for (const AttentionShape& shape : shapes(8)) {
        INFO(text(8, setting, shape) << " " << name_of(dtype));
        const CheckReport report = check(cascade, 8, setting, shape, dtype, 40, softmax());
        INFO(report.first_mismatch);
        CHECK(report.passed);
        CHECK(std::isfinite(report.max_rel_error));
      }
    }
  }
}

TEST_CASE("masked rows: queries without any key give 0, never NaN") {
  for (const std::int64_t lead : {0, 3, 1000}) {  // with 1000, no query has a key
    const Cascade cascade = masked(lead);
    const AttentionMask mask = [lead](std::int64_t p, std::int64_t m) { return m + lead <= p; };
    for (const Dtype dtype : {Dtype::fp64, Dtype::fp32, Dtype::bf16}) {
      for (const Setting& setting : settings()) {
        for (const AttentionShape& shape : shapes(4)) {
          INFO(text(4, setting, shape) << " lead " << lead << " " << name_of(dtype));
          int empty_rows = 0;
          const ReferenceFunction reference = [&](const TensorStore<double>& inputs, const Shape& extents) {
            TensorStore<double> outputs = softmax(mask)(inputs, extents);
            const Tensor<double>& av = outputs.at("AV");
            for (std::int64_t i = 0; i < av.size(); ++i) empty_rows += av.data()[i] == 0 ? 1 : 0;
            return outputs;
          };
          const CheckReport report = check(cascade, 4, setting, shape, dtype, 1, reference);
          INFO(report.first_mismatch);
          CHECK(report.passed);
          CHECK(std::isfinite(report.max_abs_error));
          CHECK(empty_rows >= std::min(lead, shape.p) * shape.b * shape.h * shape.f);
        }
      }
    }
  }
}

TEST_CASE("a wrong kernel fails the check and the first difference is shown") {
  const Cascade cascade = cascade_of("attention_1pass");
  const AttentionShape shape{1, 2, 9, 10, 4, 4};
  const Setting setting{kInterleaved, {}};
  // One value off by twice the tolerance.
  const ReferenceFunction off = [](const TensorStore<double>& inputs, const Shape& extents) {
    TensorStore<double> outputs = softmax()(inputs, extents);
    double& value = outputs.at("AV").data()[4 * 9 + 2 * 4 + 1];  // h = 1, p = 2, f = 1
    value += 2e-5 * (1 + std::abs(value));
    return outputs;
  };
  const CheckReport report = check(cascade, 4, setting, shape, Dtype::fp32, 1, off);
  CHECK_FALSE(report.passed);
  CHECK(report.max_rel_error == Approx(2e-5).epsilon(0.05));
  CHECK(report.first_mismatch.find("B = 0, H = 1, P = 2, F = 1") != std::string::npos);

  // A mask the cascade does not have; NaN from the kernel; NaN on one side only.
  const auto causal = [](std::int64_t p, std::int64_t m) { return m <= p; };
  CHECK_FALSE(check(cascade, 4, setting, shape, Dtype::bf16, 1, softmax(causal)).passed);
  const ReferenceFunction nan = [](const TensorStore<double>& inputs, const Shape& extents) {
    TensorStore<double> outputs = softmax()(inputs, extents);
    outputs.at("AV").data()[0] = std::nan("");
    return outputs;
  };
  CHECK_FALSE(check(cascade, 4, setting, shape, Dtype::fp32, 1, nan).passed);
}

// A mistake in the cascade is seen as well: the running denominator is not rescaled.
TEST_CASE("a wrong cascade fails the check") {
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/attention_1pass.yaml")->text;
  const std::string right = "SPD[b,h,m1,p] = RD[b,h,m1,p] * PRM[b,h,m1,p]";
  REQUIRE(text.find(right) != std::string::npos);
  text.replace(text.find(right), right.size(), "SPD[b,h,m1,p] = RD[b,h,m1,p] * abs(PRM[b,h,m1,p] - PRM[b,h,m1,p])");
  const AttentionShape shape{1, 1, 8, 12, 4, 4};
  Overrides abs_on_line{{"parameters.dim", "4"},
                        {"components.array1d.operations.abs", "{issue_cycles: 1, actions: {add: 1}}"}};
  const CheckReport report =
      check_values(load_cascade(parse_yaml(source_from_text("wrong.yaml", text))), machine_of("fusemax", abs_on_line),
                   plan_of(kInterleaved), shape.shape(), softmax(), CheckOptions{}, {});
  CHECK_FALSE(report.passed);
}

// Its windows, and the keys in them, follow from the image and WINDOW.
TEST_CASE("large shapes with derived ranks are clipped, and derived ranks follow") {
  const Machine machine = machine_of("fusemax");
  const Cascade cascade = cascade_of("window_attention");
  Shape shape;
  for (const auto& [rank, extent] : {std::pair{"Y", 224}, {"X", 224}, {"D", 96}, {"H", 3}, {"E", 32}, {"F", 32}}) {
    shape.set(rank, extent);
  }
  CheckOptions options;
  options.operation_budget = 1'000'000;
  const Plan plan = default_plan(cascade, machine, shape, options.dtype, {});
  const Shape clipped = clip_for_check(cascade, machine, plan, shape, options, {});
  double total = 0;
  for (const auto& [op, count] : count_operations(cascade, cascade.bind(clipped, {}))) {
    total += static_cast<double>(count);
  }
  CHECK(total <= 1e6);
  CHECK(clipped.at("Y") * clipped.at("X") < 224 * 224);
  CHECK_FALSE(clipped.find("NY"));
}

TEST_CASE("large shapes are clipped to the budget and still cover several tiles") {
  const Cascade cascade = cascade_of("attention_1pass");
  const Machine machine = array_of(16);
  const Plan plan = plan_of(kInterleaved);
  CheckOptions options;
  options.operation_budget = 1 << 22;
  const AttentionShape shape{64, 12, 4096, 4096, 64, 64};
  const Shape clipped = clip_for_check(cascade, machine, plan, shape.shape(), options, {});
  CHECK(clipped.at("B") == 1);
  CHECK(clipped.at("H") == 1);
  CHECK(clipped.at("E") == 64);
  CHECK(clipped.at("P") < 4096);
  CHECK(clipped.at("P") >= 32);
  CHECK(clipped.at("M") >= 32);
  CHECK(check_values(cascade, machine, plan, shape.shape(), softmax(), options, {}).passed);
}

// Extents that go together only as the kernel knows.
TEST_CASE("where a kernel refuses the clipped shape, others are tried; its error stands when none is accepted") {
  const Cascade cascade = cascade_of("attention_1pass");
  const Machine machine = array_of(16);
  const Plan plan = plan_of(kInterleaved);
  CheckOptions options;
  options.operation_budget = 1 << 22;
  const AttentionShape shape{4, 2, 1024, 1024, 32, 32};
  const auto accepting = [](const auto& accepts) {
    return [accepts](const TensorStore<double>& inputs, const Shape& extents) {
      if (!accepts(extents)) throw UserError(Diagnostic{"reference-mismatch", "refused", {}});
      return softmax()(inputs, extents);
    };
  };
  const auto checked = [&](const ReferenceFunction& reference) {
    return check_values(cascade, machine, plan, shape.shape(), reference, options, {});
  };
  const CheckReport alone = checked(accepting([](const Shape& extents) { return extents.at("P") == 1024; }));
  CHECK(alone.passed);
  CHECK(alone.description.find("P = 1024") != std::string::npos);
  CHECK(alone.description.find("M = 1024") == std::string::npos);
  const CheckReport together =
      checked(accepting([](const Shape& extents) { return extents.at("M") >= 16 * extents.at("E"); }));
  CHECK(together.passed);
  CHECK_THROWS_AS(checked(accepting([](const Shape&) { return false; })), UserError);
}
