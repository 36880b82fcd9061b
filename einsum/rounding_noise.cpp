// SPDX-License-Identifier: Apache-2.0
#include "einsum/rounding_noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "einsum/kernel.hpp"

namespace einloom {

namespace {

bool is_whole_number(Dtype dtype) { return dtype == Dtype::int8 || dtype == Dtype::int4 || dtype == Dtype::int32; }

// Steps that compute, for each point, what an Einsum's term is made of; its reductions then add up the squares.
class SquaredTerms {
 public:
  SquaredTerms(const Cascade& cascade, int einsum, const Shape& shape)
      : compiled_(kernel::compile<double>(cascade, einsum, shape, Precision{Dtype::fp64})) {
    compiled_.rounds = false;
    for (auto& group : compiled_.groups) {
      if (group.combine == function("add")) continue;
      group.combine = function("max");  // of squares: not smaller than that of the one which is taken
      group.identity = 0;
    }
    if (compiled_.contraction) {
      compiled_.contraction->scale *= compiled_.contraction->scale;  // its factors squared, its operands too
      for (auto& factor : compiled_.registers) factor.constant *= factor.constant;
    } else {
      compiled_.result = step("square", magnitude(compiled_.result));
    }
  }

  void run(const TensorStore<double>& values, const Box& box, Tensor<double>& into) const {
    kernel::Bound<double> bound;
    bound.output = into.data();
    std::map<std::string, Tensor<double>> squared;
    for (const auto& access : compiled_.accesses) {
      const Tensor<double>& operand = values.at(access.tensor);
      if (!compiled_.contraction) {
        bound.accesses.push_back(operand.data());
        continue;
      }
      const auto [found, fresh] = squared.try_emplace(access.tensor, operand);
      if (fresh) {
        double* data = found->second.data();
        std::transform(data, data + found->second.size(), data, [](double x) { return x * x; });
      }
      bound.accesses.push_back(found->second.data());
    }
    if (compiled_.contraction) {
      kernel::run_contraction(compiled_, box, false, bound);
    } else {
      kernel::run_chunks(compiled_, box, false, bound);
    }
  }

 private:
  static VectorFunction<double> function(const char* op) { return find_op(op)->vector<double>(); }

  int step(const char* op, int a, int b = kernel::kNone) {
    kernel::Step<double> made;
    made.function = function(op);
    made.a = a;
    made.b = b;
    compiled_.steps.push_back(made);
    compiled_.registers.push_back({kernel::Source::step, static_cast<int>(compiled_.steps.size()) - 1, 0});
    return static_cast<int>(compiled_.registers.size()) - 1;
  }

  // The register with the sum of the magnitudes of what register `of` adds and subtracts.
  int magnitude(int of) {
    const kernel::Register source = compiled_.registers[static_cast<std::size_t>(of)];
    if (source.source == kernel::Source::step) {
      const kernel::Step<double> made = compiled_.steps[static_cast<std::size_t>(source.from)];
      if (made.function == nullptr) return step("abs", of);  // of three operands
      for (const char* sum : {"add", "sub"}) {
        if (made.function == function(sum)) return step("add", magnitude(made.a), magnitude(made.b));
      }
      if (made.function == function("mul")) return step("mul", magnitude(made.a), magnitude(made.b));
      if (made.function == function("neg")) return magnitude(made.a);
      if (made.function == function("div")) return step("div", magnitude(made.a), step("abs", made.b));
    }
    return step("abs", of);
  }

  kernel::Compiled<double> compiled_;
};

template <class Names>
bool is_among(const std::string& name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Does the expression hand on one of its operands as it is, or a whole number?
bool takes_unchanged(const Expression& expression, const std::set<std::string>& in_format) {
  static constexpr std::array kChoices{"abs", "max", "min", "neg", "relu", "select"};
  static constexpr std::array kWholeNumbers{"ceil", "equal",      "floor",     "greater", "greater_equal",
                                            "less", "less_equal", "not_equal", "round",   "sign"};
  switch (expression.kind) {
    case ExpressionKind::number:
      return std::isinf(expression.number) || expression.number == std::round(expression.number);
    case ExpressionKind::symbol:
    case ExpressionKind::index:
      return false;
    case ExpressionKind::access:
      return in_format.contains(expression.access.tensor);
    case ExpressionKind::call:
      if (is_among(expression.name, kWholeNumbers)) return true;
      if (!is_among(expression.name, kChoices)) return false;
      [[fallthrough]];
    case ExpressionKind::first:
      return std::all_of(expression.args.begin(), expression.args.end(),
                         [&](const Expression& arg) { return takes_unchanged(arg, in_format); });
  }
  return false;
}

bool only_chooses(const Einsum& einsum) {
  return std::all_of(einsum.reductions.begin(), einsum.reductions.end(), [&](const Reduction& reduction) {
    return reduction.op == "max" || reduction.op == "min" || !einsum.selection().empty();
  });
}

double largest_error(const Tensor<double>& found, const Tensor<double>& expected) {
  double largest = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double r = expected.data()[i];
    const double error = std::abs(found.data()[i] - r) / (1 + std::abs(r));
    if (std::isfinite(error)) largest = std::max(largest, error);
  }
  return largest;
}

// Adds noise to elements of a result as they are computed.
class Noise {
 public:
  Noise(const Tensor<double>& exact, const Tensor<double>& squares, double of_result, double of_terms)
      : exact_(exact), squares_(squares), of_result_(of_result), of_terms_(of_terms) {}

  void add(Tensor<double>& to, std::int64_t at, std::mt19937_64& random) const {
    const double v = exact_.data()[at];
    const double variance = of_result_ * v * v + of_terms_ * (v * v + squares_.data()[at]);
    if (!(variance > 0) || !std::isfinite(variance)) return;
    to.data()[at] += (random() & 1) == 0 ? std::sqrt(variance) : -std::sqrt(variance);
  }

 private:
  const Tensor<double>& exact_;
  const Tensor<double>& squares_;
  double of_result_, of_terms_;
};

}  // namespace

RoundingNoise::RoundingNoise(const Cascade& cascade, const Shape& shape, const TensorStore<double>& inputs)
    : cascade_(cascade), shape_(shape), exact_(inputs) {
  evaluate<double>(cascade, shape, Precision{Dtype::fp64}, exact_);
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    const Tensor<double>& result = exact_.at(cascade.einsums()[e].name());
    squares_.emplace_back(result.ranks(), result.extents());
    if (!cascade.einsums()[e].selection().empty()) continue;
    const int einsum = static_cast<int>(e);
    SquaredTerms(cascade, einsum, shape).run(exact_, full_box(cascade, einsum, shape), squares_.back());
  }
}

std::vector<RoundingNoise::Level> RoundingNoise::levels(Dtype dtype, const RunRounding& rounding) const {
  const double arithmetic = unit_roundoff(rounding.arithmetic(dtype));
  std::set<std::string> in_format;
  for (const TensorDecl& tensor : cascade_.tensors()) {
    if (tensor.role == TensorRole::input) in_format.insert(tensor.name);
  }
  std::vector<Level> all;
  for (const Einsum& einsum : cascade_.einsums()) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    const Roundings made = rounding.of_tensor(tensor.name);
    const bool chosen = only_chooses(einsum) && takes_unchanged(einsum.expression, in_format);
    const bool own = tensor.dtype.has_value();  // rounds wherever it is computed, in the kernel too
    const Dtype format = tensor.dtype.value_or(made.stored ? dtype : rounding.arithmetic(dtype));
    if (chosen || made.stored || own) in_format.insert(tensor.name);
    Level level;
    if (!chosen && !(own && is_whole_number(format)) && einsum.selection().empty()) {
      double operations = static_cast<double>(einsum.expression.args.size());
      for (const Reduction& reduction : einsum.reductions) {
        operations += static_cast<double>(shape_.at(rank_of_variable(reduction.variable)));
      }
      const double u = unit_roundoff(format);
      const double times = made.times * u > 0.25 ? made.times * made.times : made.times;
      level.of_terms = arithmetic * arithmetic * std::max(1.0, operations);
      if (u > arithmetic && made.times > 1) level.of_terms += u * u * times;
      if (u > arithmetic && made.times <= 1 && !own) level.of_result = u * u;
    }
    all.push_back(level);
  }
  return all;
}

double RoundingNoise::lost(Dtype dtype, const RunRounding& rounding, std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  TensorStore<double> store;
  std::vector<Noise> noises;
  std::vector<kernel::Compiled<double>> kernels;
  const std::vector<Level> all = levels(dtype, rounding);
  for (std::size_t e = 0; e < all.size(); ++e) {
    noises.emplace_back(exact_.at(cascade_.einsums()[e].name()), squares_[e], all[e].of_result, all[e].of_terms);
    kernels.push_back(kernel::compile<double>(cascade_, static_cast<int>(e), shape_, Precision{Dtype::fp64}));
  }
  for (const TensorDecl& tensor : cascade_.tensors()) {
    if (tensor.role == TensorRole::input) store.emplace(tensor.name, exact_.at(tensor.name));
  }
  const auto disturb = [&](int einsum, const Box& box) {
    const auto e = static_cast<std::size_t>(einsum);
    if (all[e].of_result == 0 && all[e].of_terms == 0) return;
    Tensor<double>& tensor = store.at(cascade_.einsums()[e].name());
    const kernel::CompiledAccess& output = kernels[e].output;
    if (!output.gathers.empty()) {  // wherever something was scattered to
      for (std::int64_t i = 0; i < tensor.size(); ++i) noises[e].add(tensor, i, random);
      return;
    }
    std::vector<int> variables;
    std::vector<std::int64_t> point;
    for (int v = 0; v < kernels[e].outputs; ++v) {
      variables.push_back(v);
      point.push_back(box[static_cast<std::size_t>(v)].begin);
    }
    do {
      std::int64_t at = output.base;
      for (std::size_t v = 0; v < point.size(); ++v) at += output.strides[v] * point[v];
      noises[e].add(tensor, at, random);
    } while (kernel::advance(point, variables, box));
  };
  evaluate<double>(cascade_, shape_, Precision{Dtype::fp64}, store, disturb);
  double largest = 0;
  for (const TensorDecl& tensor : cascade_.tensors()) {
    if (tensor.role != TensorRole::output) continue;
    largest = std::max(largest, largest_error(store.at(tensor.name), exact_.at(tensor.name)));
  }
  return largest;
}

}  // namespace einloom
