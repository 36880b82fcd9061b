// SPDX-License-Identifier: Apache-2.0
// Operations per point from the expression, points from the domain, counts from both.
#include "einsum/counts.hpp"

#include <algorithm>
#include <limits>

#include "base/diagnostic.hpp"
#include "einsum/lattice.hpp"
#include "einsum/ops/op.hpp"

namespace einloom {
namespace {

bool is_call(const Expression& expression, const char* op) {
  return expression.kind == ExpressionKind::call && expression.name == op;
}

void count_expression(const Expression& expression, OperationCounts& counts) {
  if (expression.kind != ExpressionKind::call || expression.is_uniform()) return;
  for (const auto& arg : expression.args) count_expression(arg, counts);
  // A uniform factor or divisor is folded into an operand.
  const bool folded_factor =
      is_call(expression, "mul") && (expression.args[0].is_uniform() || expression.args[1].is_uniform());
  const bool folded_divisor = is_call(expression, "div") && expression.args[1].is_uniform();
  if (!folded_factor && !folded_divisor) counts[expression.name] += 1;
}

// Factors of a product that differ from point to point.
void collect_factors(const Expression& expression, std::vector<const Expression*>& factors) {
  if (is_call(expression, "mul")) {
    for (const auto& arg : expression.args) collect_factors(arg, factors);
  } else if (is_call(expression, "div") && expression.args[1].is_uniform()) {
    collect_factors(expression.args[0], factors);
  } else if (!expression.is_uniform()) {
    factors.push_back(&expression);
  }
}

std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  ensure(b == 0 || a <= std::numeric_limits<std::int64_t>::max() / b, "an operation count exceeds 64 bits");
  return a * b;
}

// Points of the Einsum when only its first variables count: those of the values an outer reduction combines.
std::int64_t count_outer_points(const Cascade& cascade, int einsum, const Shape& shape, std::size_t kept) {
  const Einsum& e = cascade.einsums().at(static_cast<std::size_t>(einsum));
  auto extents = variable_extents(e, shape);
  extents.resize(kept);
  std::vector<Constraint> constraints;
  for (auto& constraint : domain_constraints(cascade, einsum, shape)) {
    auto& coefficients = constraint.form.coefficients;
    if (std::any_of(coefficients.begin() + static_cast<std::ptrdiff_t>(kept), coefficients.end(),
                    [](std::int64_t c) { return c != 0; })) {
      continue;
    }
    coefficients.resize(kept);
    constraints.push_back(std::move(constraint));
  }
  return count_lattice_points(std::move(extents), std::move(constraints));
}

}  // namespace

OperationCounts operations_per_point(const Einsum& einsum) {
  OperationCounts counts;
  const std::string reduction = einsum.reductions.empty() ? "" : einsum.reductions.back().op;
  if (reduction == "sum") {
    std::vector<const Expression*> factors;
    collect_factors(einsum.expression, factors);
    if (factors.size() >= 2) {
      for (const Expression* factor : factors) count_expression(*factor, counts);
      if (factors.size() > 2) counts["mul"] += static_cast<std::int64_t>(factors.size()) - 2;
      counts["mac"] += 1;
      return counts;
    }
  }
  count_expression(einsum.expression, counts);
  if (!reduction.empty()) counts[find_reduction(reduction)->combine] += 1;
  return counts;
}

std::vector<OuterReduction> outer_reductions(const Einsum& einsum) {
  std::vector<OuterReduction> found;
  const std::size_t outputs = einsum.variables().size() - einsum.reductions.size();
  for (std::size_t i = 1; i < einsum.reductions.size(); ++i) {
    if (einsum.reductions[i - 1].op == einsum.reductions[i].op) continue;
    found.push_back({find_reduction(einsum.reductions[i - 1].op)->combine, outputs + i});
  }
  return found;
}

std::int64_t count_points(const Cascade& cascade, int einsum, const Shape& shape) {
  const Einsum& e = cascade.einsums().at(static_cast<std::size_t>(einsum));
  return count_lattice_points(variable_extents(e, shape), domain_constraints(cascade, einsum, shape));
}

OperationCounts count_operations(const Cascade& cascade, int einsum, const Shape& shape) {
  const Einsum& e = cascade.einsums().at(static_cast<std::size_t>(einsum));
  const std::int64_t points = count_points(cascade, einsum, shape);
  OperationCounts counts;
  for (const auto& [op, each] : operations_per_point(e)) counts[op] = checked_product(points, each);
  for (const OuterReduction& outer : outer_reductions(e)) {
    counts[outer.op] += count_outer_points(cascade, einsum, shape, outer.variables);
  }
  return counts;
}

OperationCounts count_operations(const Cascade& cascade, const Shape& shape) {
  OperationCounts total;
  for (std::size_t i = 0; i < cascade.einsums().size(); ++i) {
    for (const auto& [op, count] : count_operations(cascade, static_cast<int>(i), shape)) {
      ensure(total[op] <= std::numeric_limits<std::int64_t>::max() - count, "an operation count exceeds 64 bits");
      total[op] += count;
    }
  }
  return total;
}

}  // namespace einloom
