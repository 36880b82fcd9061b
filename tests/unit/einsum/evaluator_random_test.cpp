// SPDX-License-Identifier: Apache-2.0
// Do compiled kernels agree with a point-by-point interpreter on many Einsums, shapes and tilings?
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <stdexcept>

#include "einsum/affine.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/ops/op.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Evaluates one Einsum at every point of its iteration space, the slow and obvious way.
class Interpreter {
 public:
  Interpreter(const Cascade& cascade, const Shape& shape, TensorStore<double>& store)
      : einsum_(cascade.einsums()[0]), shape_(shape), store_(store), variables_(einsum_.variables()) {
    for (const auto& comparison : cascade.domain(0)) {
      for (auto& each : resolve(comparison, variables_, shape)) domain_.push_back(each);
    }
  }

  void run() {
    point_.assign(variables_.size(), 0);
    outputs(0);
  }

 private:
  [[nodiscard]] std::size_t output_count() const { return variables_.size() - einsum_.reductions.size(); }
  [[nodiscard]] std::int64_t extent(std::size_t v) const { return shape_.at(rank_of_variable(variables_[v])); }

  void outputs(std::size_t v) {
    if (v < output_count()) {
      for (point_[v] = 0; point_[v] < extent(v); ++point_[v]) outputs(v + 1);
      return;
    }
    if (einsum_.reductions.empty() && !present()) return;
    double value = einsum_.reductions.empty() ? 0 : find_reduction(einsum_.reductions[0].op)->identity;
    reduced(v, value);
    *element(einsum_.output) = value;
  }

  void reduced(std::size_t v, double& value) {
    if (v < variables_.size()) {
      for (point_[v] = 0; point_[v] < extent(v); ++point_[v]) reduced(v + 1, value);
      return;
    }
    if (!present()) return;
    const double each = evaluated(einsum_.expression);
    value = einsum_.reductions.empty()
                ? each
                : find_op(find_reduction(einsum_.reductions[0].op)->combine)->scalar(value, each);
  }

  [[nodiscard]] bool present() const {
    return std::all_of(domain_.begin(), domain_.end(), [&](const Constraint& c) {
      return c.is_not_equal ? c.form.at(point_) != 0 : c.form.at(point_) <= 0;
    });
  }

  double* element(const Access& access) {
    Tensor<double>& tensor = store_.at(access.tensor);
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      const std::int64_t index = resolve(access.indices[k], variables_, shape_).at(point_);
      if (index < 0 || index >= tensor.extents()[k])
        throw std::out_of_range("a present point reads outside its tensor");
      offset += index * tensor.strides()[k];
    }
    return tensor.data() + offset;
  }

  double evaluated(const Expression& e) {
    switch (e.kind) {
      case ExpressionKind::number:
        return e.number;
      case ExpressionKind::symbol:
        return static_cast<double>(shape_.at(e.name));
      case ExpressionKind::index:
        return static_cast<double>(point_[static_cast<std::size_t>(
            std::find(variables_.begin(), variables_.end(), e.name) - variables_.begin())]);
      case ExpressionKind::access:
        return *element(e.access);
      case ExpressionKind::first:
        throw std::logic_error("not among these Einsums");
      case ExpressionKind::call:
        break;
    }
    const double a = evaluated(e.args[0]);
    return find_op(e.name)->scalar(a, e.args.size() > 1 ? evaluated(e.args[1]) : 0);
  }

  const Einsum& einsum_;
  const Shape& shape_;
  TensorStore<double>& store_;
  const std::vector<std::string> variables_;
  std::vector<Constraint> domain_;
  std::vector<std::int64_t> point_;
};

const std::vector<std::string> kEinsums{
    "Z[p,f] = sum(m1,m0) A[m1*M0+m0,p] * B[m1*M0+m0,f]",
    "Z[p,f] = sum(m1,m0) A[m1*M0+m0,p] * B[m1*M0+m0,f] * 0.5 | m1*M0+m0 <= p",
    "Z[p,f] = sum(m) A[m,p] / P * B[m,f] | m <= p and f != 1",
    "Z[p,f] = sum(m) A[m,p] * B[m,f] | m <= p and m+f >= 2",
    "Z[p,f] = sum(m) A[m,p] * B[m,f] | p+1 > f and m+f < p+3",
    "Z[p,f] = sum(m) A[m,p] * B[m,f] | p <= f",
    "Z[p,f] = sum(m) A[m,p] * B[m,f] | p+m <= f+3",
    "Z[p,f] = sum(m) A[m-1,p] * B[m+2,f]",
    "Z[p,f] = sum(m) A[m,2*p-3] * B[m,f]",
    "Z[p,f] = sum(m1) A[2*m1*M0+1,p] * B[m1*M0,f]",
    "Z[p,f] = sum(m) max(A[m,p], B[m,f]) * (p - m) + f",
    "Z[p,f] = max(m) A[m,p] - B[m,f] | m != p and m != 2 and m <= p+f",
    "Z[p,f] = min(m) A[m,p] * exp(B[m,f]) | 2*m <= p",
    "Z[p,f] = prod(m) A[m,p] + B[m,f] | m == p",
    "Z[p,f] = A[2*p+1,p] / B[f-p,f] + f | p != f+1",
    "Z[p,f] = sigmoid(A[p+f,p]) * square(B[2,f])",
    "Z[p,f] = sum(m) A[m,p] * A[m,p] + B[m,f] * 0",
};

bool agree(const Tensor<double>& a, const Tensor<double>& b) {
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data()[i], y = b.data()[i];
    if (std::isnan(x) != std::isnan(y)) return false;
    if (!std::isnan(x) && x != y && !(std::abs(x - y) <= 1e-11 * (1 + std::abs(y)))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("kernels agree with the interpreter, in whole and by boxes") {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (const auto& einsum : kEinsums) {
    std::string document(
        "cascade: c\nranks: [M, P, F]\npartitions: {M: [M1, M0]}\nparameters: {M0: 4}\ntensors:\n"
        "  A: {ranks: [M, P], role: input}\n  B: {ranks: [M, F], role: input}\n  Z: {ranks: [P, F], role: output}\n"
        "einsums:\n  - ");
    document.append(einsum).append("\n");
    // Einsums that use no part leave the partition out.
    if (einsum.find("m1") == std::string::npos) {
      const std::string unused = "partitions: {M: [M1, M0]}\nparameters: {M0: 4}\n";
      document.erase(document.find(unused), unused.size());
    }
    const Cascade cascade = cascade_from(document);
    for (int trial = 0; trial < 12; ++trial) {
      Shape extents;
      for (const char* rank : {"M", "P", "F"}) extents.set(rank, trial % 6 == 5 ? draw(40, 80) : draw(1, 9));
      if (!cascade.partitions().empty()) extents.set("M0", draw(1, 6));
      const Shape shape = cascade.bind(extents, {});
      auto store = make_store<double>(cascade, shape, std::nan(""));
      for (const char* input : {"A", "B"}) {
        Tensor<double>& tensor = store.at(input);
        for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = normal(random);
      }
      auto expected = store;
      Interpreter(cascade, shape, expected).run();
      const EinsumKernel<double> kernel(cascade, 0, shape, {});
      const Box whole = full_box(cascade, 0, shape);
      INFO(einsum << " trial " << trial);
      auto at_once = store;
      kernel.run(whole, false, at_once);
      REQUIRE(agree(at_once.at("Z"), expected.at("Z")));

      // Two parts along every variable; parts of reduced variables after the first accumulate.
      const std::size_t outputs = cascade.einsums()[0].output.indices.size();
      auto tiled = store;
      std::vector<std::int64_t> cut;
      for (const auto& range : whole) cut.push_back(draw(range.begin, range.end));
      for (unsigned part = 0; part < 1u << whole.size(); ++part) {
        Box box = whole;
        for (std::size_t v = 0; v < whole.size(); ++v) (part >> v & 1 ? box[v].begin : box[v].end) = cut[v];
        kernel.run(box, part >> outputs != 0, tiled);
      }
      REQUIRE(agree(tiled.at("Z"), expected.at("Z")));
    }
  }
}
