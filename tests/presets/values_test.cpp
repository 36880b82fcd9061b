// SPDX-License-Identifier: Apache-2.0
// What `einloom run --check` says of the library: does the default plan of every cascade carry the kernel's values at
// the models it is run with? And does the check see what is wrong there: a term left out, one taken twice, a tile taken
// from elsewhere?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "experiments/documents.hpp"
#include "experiments/model.hpp"
#include "experiments/point.hpp"
#include "experiments/reference_check.hpp"
#include "experiments/reference_lookup.hpp"
#include "experiments/report_json.hpp"
#include "experiments/spec.hpp"
#include "experiments/task_runner.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

constexpr std::uint64_t kSeed = 1;

const Library& library() {
  static const Library tree(EINLOOM_SOURCE_DIR);
  return tree;
}

struct Pair {
  std::string cascade, preset;
};

std::vector<Pair> pairs(bool first_only) {
  std::vector<Pair> all;
  for (const std::string& cascade : library().names(DocumentKind::cascade)) {
    const std::vector<std::string> presets = cascade_of(cascade).presets();
    for (const std::string& preset : presets) {
      all.push_back({cascade, preset});
      if (first_only) break;
    }
  }
  return all;
}

bool leaves_length_open(const std::string& preset) {
  const Model model = load_model(library().load(DocumentKind::model, preset, Span{}));
  return !model.from_seq_len.empty() && !model.seq_len;
}

// The default plan depends on the format: what fits.
std::vector<Point> points_of(const std::vector<Pair>& of, Dtype dtype) {
  static std::vector<std::vector<Spec>> kept;  // points refer to them
  kept.emplace_back();
  for (const bool open : {false, true}) {
    std::string configurations;
    for (const auto& [cascade, preset] : of) {
      if (leaves_length_open(preset) != open) continue;
      configurations +=
          fmt::format("  {0}__{1}: {{cascade: {0}, machine: fusemax, plan: default, model: {1}}}\n", cascade, preset);
    }
    if (configurations.empty()) continue;
    const std::string text = fmt::format("spec: presets{}\ndtype: {}\nconfigurations:\n{}{}", open ? "_of_1024" : "",
                                         name_of(dtype), configurations, open ? "sweep: {seq_len: [1024]}\n" : "");
    kept.back().push_back(load_spec(parse_yaml(source_from_text("presets.yaml", text))));
  }
  return resolve_points(library(), kept.back());
}

// The checks of all points in one format, in child processes.
void check_all(const std::vector<Point>& points, Dtype dtype) {
  std::vector<Task> tasks;
  for (const Point& point : points) {
    tasks.push_back({point.label(), [&point, dtype] {
                       return to_json(check_point(point, point.workload, check_options(dtype, kSeed, 1)));
                     }});
  }
  std::int64_t values = 0;
  std::size_t checked = 0;
  const auto finished = [&](std::size_t task, Outcome outcome) {
    INFO(points[task].label() << " " << name_of(dtype) << " " << outcome.failure);
    std::string errors;
    for (const std::string& error : outcome.errors) errors += error;
    INFO(errors);
    CHECK(outcome.result);
    if (!outcome.result) return;
    const CheckReport report = check_from_json(*outcome.result);
    INFO(report.description << "\n" << report.first_mismatch);
    INFO("error " << report.max_rel_error << ", allowed " << report.tolerance);
    CHECK(report.passed);
    CHECK(report.values > 0);
    CHECK(report.tolerance <= kLargestTolerance);
    values += report.values;
    ++checked;
  };
  const int jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  REQUIRE(run_tasks(tasks, jobs, finished, [] {}));
  CHECK(checked == points.size());
  fmt::print("{}: {} points, {} values\n", name_of(dtype), checked, values);
}

// A slice of `tensor` along `rank` that all terms with it have as a factor.
struct Factor {
  std::string cascade, tensor, rank;
};

enum class Mistake { term_left_out, term_twice, tile_from_elsewhere };

// What a schedule would add up that made the mistake in the middle of the rank.
Tensor<double> mistaken(const Tensor<double>& tensor, const std::string& rank, Mistake mistake) {
  const auto& ranks = tensor.ranks();
  const auto axis = static_cast<std::size_t>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
  REQUIRE(axis < ranks.size());
  const std::int64_t extent = tensor.extents()[axis], stride = tensor.strides()[axis];
  const std::int64_t middle = extent / 2, tile = std::max<std::int64_t>(1, extent / 8);
  Tensor<double> changed = tensor;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const std::int64_t at = i / stride % extent;
    if (mistake == Mistake::term_left_out && at == middle) changed.data()[i] = 0;
    if (mistake == Mistake::term_twice && at == middle) changed.data()[i] *= 2;
    if (mistake == Mistake::tile_from_elsewhere && at >= middle && at < middle + tile) {
      changed.data()[i] = tensor.data()[i - middle * stride];
    }
  }
  return changed;
}

}  // namespace

TEST_CASE("every cascade carries its kernel's values at its first preset") {
  const std::vector<Point> points = points_of(pairs(true), Dtype::fp32);
  REQUIRE(points.size() == library().names(DocumentKind::cascade).size());
  check_all(points, Dtype::fp32);
}

TEST_CASE("every cascade carries its kernel's values at its first preset in other formats", "[.wide]") {
  for (const Dtype dtype : {Dtype::fp64, Dtype::bf16}) check_all(points_of(pairs(true), dtype), dtype);
}

TEST_CASE("every cascade carries its kernel's values at every preset", "[.wide]") {
  const std::vector<Point> points = points_of(pairs(false), Dtype::fp32);
  check_all(points, Dtype::fp32);
}

// Where tolerances are widest: long sums of terms of either sign, and chains of them.
TEST_CASE("a term left out, a term taken twice and a tile from elsewhere are seen at presets") {
  const std::vector<Factor> factors{
      {"matmul", "W", "K"},     {"decon_mlp", "WD", "J"},  {"gn_conv", "WIN", "C"},         {"layer_adapter", "V", "M"},
      {"linformer", "EV", "M"}, {"mla_naive", "WUV", "C"}, {"attention_distance", "K", "E"}};
  std::vector<Pair> of;
  for (const Factor& factor : factors) of.push_back({factor.cascade, cascade_of(factor.cascade).presets()[0]});
  const std::vector<Point> points = points_of(of, Dtype::bf16);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    for (const Mistake mistake : {Mistake::term_left_out, Mistake::term_twice, Mistake::tile_from_elsewhere}) {
      REQUIRE(points[i].cascade_name() == factors[i].cascade);
      const ReferenceFunction kernel = reference_for(*points[i].cascade);
      const ReferenceFunction wrong = [&](const TensorStore<double>& inputs, const Shape& shape) {
        TensorStore<double> changed = inputs;
        REQUIRE(inputs.count(factors[i].tensor) == 1);
        changed.at(factors[i].tensor) = mistaken(inputs.at(factors[i].tensor), factors[i].rank, mistake);
        return kernel(changed, shape);
      };
      const Point& point = points[i];
      const CheckReport report = check_values(*point.cascade, *point.machine, *point.plan, point.workload, wrong,
                                              check_options(Dtype::bf16, kSeed, 1), point.where);
      INFO(point.label() << ", mistake " << static_cast<int>(mistake) << ": " << report.description);
      INFO("error " << report.max_rel_error << ", allowed " << report.tolerance);
      CHECK_FALSE(report.passed);
    }
  }
}
