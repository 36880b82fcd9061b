// SPDX-License-Identifier: Apache-2.0
// Look-ups in a cascade and completion of a workload's shape.
#include "einsum/cascade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/diagnostic.hpp"
#include "base/suggest.hpp"
#include "einsum/ops/op.hpp"

namespace einloom {
namespace {

std::string mapped(std::string text, int (*letter)(int)) {
  for (char& c : text) c = static_cast<char>(letter(static_cast<unsigned char>(c)));
  return text;
}

template <class Decl>
const Decl* named(const std::vector<Decl>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Decl& decl) { return decl.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::string variable_of_rank(const std::string& rank) { return mapped(rank, &std::tolower); }
std::string rank_of_variable(const std::string& variable) { return mapped(variable, &std::toupper); }

std::optional<std::int64_t> Shape::find(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::int64_t Shape::at(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw InternalError(fmt::format("the shape has no value for `{}`", name));
  return found->second;
}

const TensorDecl* Cascade::find_tensor(const std::string& name) const { return named(tensors_, name); }

const Einsum* Cascade::find_einsum(const std::string& name) const {
  const int position = einsum_position(name);
  return position < 0 ? nullptr : &einsums_[static_cast<std::size_t>(position)];
}

int Cascade::einsum_position(const std::string& name) const {
  for (std::size_t i = 0; i < einsums_.size(); ++i) {
    if (einsums_[i].name() == name) return static_cast<int>(i);
  }
  return -1;
}

const PartitionDecl* Cascade::partition_of(const std::string& rank) const {
  const auto found = std::find_if(partitions_.begin(), partitions_.end(),
                                  [&](const PartitionDecl& partition) { return partition.rank == rank; });
  return found == partitions_.end() ? nullptr : &*found;
}

const PartitionDecl* Cascade::partition_with(const std::string& part) const {
  const auto found = std::find_if(partitions_.begin(), partitions_.end(), [&](const PartitionDecl& partition) {
    return partition.outer == part || partition.inner == part;
  });
  return found == partitions_.end() ? nullptr : &*found;
}

std::vector<std::string> Cascade::all_ranks() const {
  std::vector<std::string> names;
  for (const auto& rank : ranks_) names.push_back(rank.name);
  for (const auto& partition : partitions_) {
    names.push_back(partition.outer);
    names.push_back(partition.inner);
  }
  return names;
}

bool Cascade::is_derived(const std::string& rank) const {
  return std::any_of(derived_.begin(), derived_.end(), [&](const DerivedRank& each) { return each.rank == rank; });
}

double Cascade::uniform_value(const Expression& expression, const Shape& shape) const {
  switch (expression.kind) {
    case ExpressionKind::number:
      return expression.number;
    case ExpressionKind::symbol: {
      const ConstantDecl* constant = named(constants_, expression.name);
      return constant ? constant->value : static_cast<double>(shape.at(expression.name));
    }
    case ExpressionKind::first:
      return uniform_value(expression.args.front(), shape);
    case ExpressionKind::index:
    case ExpressionKind::access:
      break;
    case ExpressionKind::call: {
      const Op& op = *find_op(expression.name);
      std::vector<double> args;
      for (const auto& arg : expression.args) args.push_back(uniform_value(arg, shape));
      if (op.arity == 3) return op.scalar_ternary(args[0], args[1], args[2]);
      return op.scalar(args[0], op.arity == 2 ? args[1] : 0);
    }
  }
  throw InternalError("a uniform value was asked of an expression that differs from point to point");
}

Shape Cascade::bind(const Shape& given, const Span& where) const {
  Diagnostics problems;
  std::vector<std::string> settable;
  for (const auto& rank : ranks_) settable.push_back(rank.name);
  for (const auto& parameter : parameters_) settable.push_back(parameter.name);

  for (const auto& derived : derived_) {
    std::erase(settable, derived.rank);
  }
  for (const auto& [name, value] : given.values()) {
    if (is_derived(name)) continue;
    if (std::find(settable.begin(), settable.end(), name) == settable.end()) {
      auto& problem = problems.error("shape-unknown-name", where,
                                     fmt::format("cascade `{}` has no rank or parameter `{}`", name_, name));
      if (const auto* partition = partition_with(name); partition && partition->outer == name) {
        problem.with_help(fmt::format("`{}` follows from `{}` and `{}`", name, partition->rank, partition->inner));
      } else {
        problem.with_help(suggestion(name, settable));
      }
      continue;
    }
    const bool is_extent = named(ranks_, name) != nullptr || partition_with(name) != nullptr;
    if (value < 0 || (is_extent && value == 0)) {
      problems.error("shape-not-positive", where,
                     fmt::format("`{}` is {}; {}", name, value,
                                 is_extent ? "the extent of a rank is at least 1" : "a parameter is at least 0"));
    }
  }
  Shape shape;
  std::vector<std::string> missing;
  for (const auto& rank : ranks_) {
    const auto value = given.find(rank.name);
    if (value && !is_derived(rank.name)) {
      shape.set(rank.name, *value);
    } else if (!is_derived(rank.name)) {
      missing.push_back("`" + rank.name + "`");
    }
  }
  if (!missing.empty()) {
    problems.error("shape-missing-rank", where,
                   fmt::format("the shape gives no extent for {}; cascade `{}` needs every rank",
                               fmt::join(missing, ", "), name_));
  }
  problems.throw_if_any();

  for (const auto& parameter : parameters_) {
    shape.set(parameter.name, given.find(parameter.name).value_or(parameter.default_value));
  }
  for (const auto& derived : derived_) {
    const double extent = uniform_value(derived.formula, shape);
    const auto value = given.find(derived.rank);
    if (!(extent >= 1 && extent <= 0x1p40) || extent != std::floor(extent)) {
      problems
          .error("shape-derived", where,
                 fmt::format("the extent of rank `{}` comes out as {}; an extent is a whole number, at least 1",
                             derived.rank, extent))
          .note("it is computed here", derived.formula.span);
    } else if (value && static_cast<double>(*value) != extent) {
      problems
          .error("shape-derived", where,
                 fmt::format("`{}` is {}; it follows from other extents as {}", derived.rank, *value, extent))
          .note("it is computed here", derived.formula.span);
    }
    problems.throw_if_any();
    shape.set(derived.rank, static_cast<std::int64_t>(extent));
  }
  for (const auto& partition : partitions_) {
    const std::int64_t whole = shape.at(partition.rank);
    const std::int64_t inner = shape.at(partition.inner);
    shape.set(partition.outer, (whole + inner - 1) / inner);
  }
  return shape;
}

}  // namespace einloom
