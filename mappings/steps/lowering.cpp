// SPDX-License-Identifier: Apache-2.0
// Look-ups shared by the lowering steps.
#include "mappings/steps/lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/suggest.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {

std::optional<double> Lowering::evaluate(const ScalarExpression& expression) {
  const auto resolve = [this](const std::string& name) -> std::optional<double> {
    if (const auto found = program.tile_extents.find(name); found != program.tile_extents.end()) {
      return static_cast<double>(found->second);
    }
    if (const auto found = parameters.find(name); found != parameters.end()) return found->second;
    if (const auto value = program.shape.find(name)) return static_cast<double>(*value);
    if (name == "element_bytes") return static_cast<double>(size_of(program.dtype).value());
    return machine.property(name);
  };
  std::vector<std::string> known = machine.property_names();
  for (const auto& [name, value] : program.shape.values()) known.push_back(name);
  for (const auto& [name, value] : program.tile_extents) known.push_back(name);
  for (const auto& [name, value] : parameters) known.push_back(name);
  known.push_back("element_bytes");
  try {
    return expression.evaluate(resolve, known);
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    return std::nullopt;
  }
}

std::optional<std::int64_t> Lowering::evaluate_count(const ScalarExpression& expression, const std::string& what,
                                                     std::int64_t minimum) {
  const std::optional<double> value = evaluate(expression);
  if (!value) return std::nullopt;
  constexpr double kLargest = 9e15;  // whole numbers up to here are exact
  const bool too_large = *value > kLargest;
  if (!(*value >= static_cast<double>(minimum)) || too_large) {
    diagnostics.error("plan-count-range", expression.span(),
                      fmt::format("{} is {}; it must be at {} {}", what, *value, too_large ? "most" : "least",
                                  too_large ? kLargest : static_cast<double>(minimum)));
    return std::nullopt;
  }
  if (*value != std::floor(*value)) {
    diagnostics
        .error("plan-count-fraction", expression.span(),
               fmt::format("{} is {}; it must be a whole number", what, *value))
        .with_help("round it with floor(…) or ceil(…)");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

int Lowering::tensor_index(const std::string& name) {
  const auto found = std::find(program.tensors.begin(), program.tensors.end(), name);
  if (found != program.tensors.end()) return static_cast<int>(found - program.tensors.begin());
  program.tensors.push_back(name);
  return static_cast<int>(program.tensors.size()) - 1;
}

int Lowering::array_index(const std::string& name) const {
  for (std::size_t i = 0; i < machine.arrays.size(); ++i) {
    if (machine.arrays[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int Lowering::memory_index(const std::string& name) const {
  for (std::size_t i = 0; i < machine.memories.size(); ++i) {
    if (machine.memories[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

bool Lowering::advances(int loop_index, const std::string& variable) {
  for (const LoopDigit& digit : loop(loop_index).digits) {
    if (digit.dimension == variable) return true;
  }
  return false;
}

bool Lowering::scatters_over(const Statement& operation, int loop_index) {
  const Einsum& what = einsum(operation);
  if (!what.scatters()) return false;
  const std::vector<std::string> variables = what.variables();
  return std::any_of(variables.begin(), variables.end(), [&](const std::string& variable) {
    if (!advances(loop_index, variable) || what.reduces(variable)) return false;
    return std::none_of(what.output.indices.begin(), what.output.indices.end(), [&](const IndexExpression& index) {
      return std::any_of(index.terms.begin(), index.terms.end(),
                         [&](const IndexTerm& term) { return term.variable == variable; });
    });
  });
}

int Lowering::dram() const {
  for (std::size_t i = 0; i < machine.memories.size(); ++i) {
    if (machine.memories[i].kind == MemoryKind::dram) return static_cast<int>(i);
  }
  throw InternalError("a validated machine has a dram");
}

const Placement* Lowering::placement(const std::string& tensor_name) const {
  const auto found = placement_of.find(tensor_name);
  return found == placement_of.end() ? nullptr : &found->second;
}

IndexLevel Lowering::index_level(const std::string& name) const {
  if (dimensions.count(name) != 0 || name.empty() || name.back() < '0' || name.back() > '9') return {name, -1};
  std::string variable = name.substr(0, name.size() - 1);
  if (variable.size() > 1 && variable.back() == '_') variable.pop_back();
  const auto found = dimensions.find(variable);
  if (found == dimensions.end()) return {name, -1};
  const bool tiled = !found->second.loops.empty() && found->second.loops.front().variable != variable;
  if (!tiled) return {name.back() == '0' ? variable : name, -1};
  return {variable, name.back() - '0'};
}

std::int64_t Lowering::level_extent(const IndexLevel& index) const {
  const Dimension& dimension = dimensions.at(index.variable);
  if (index.level < 0) return dimension.extent;
  if (index.level == 0) return dimension.inner;
  const std::string name = dimension.stem + std::to_string(index.level);
  for (const LoopDigit& digit : dimension.loops) {
    if (digit.variable == name) return digit.trip;
  }
  return 1;
}

bool Lowering::serves(const Statement& load, const Statement& reader, const Access& access) const {
  if (load.kind != StatementKind::load || reader.kind != StatementKind::operation) return false;
  if (program.tensors[static_cast<std::size_t>(load.tensor)] != access.tensor) return false;
  if (load.reader_einsum >= 0) return load.reader_einsum == reader.einsum;
  if (load.serves_all) return true;
  return load.loops == reader.loops && load.body_offset == reader.body_offset &&
         reads_alike(access, touched_access(program, cascade, load));
}

bool is_partition_bound(const Constraint& constraint, const PartitionDecl& partition,
                        const std::vector<std::string>& variables, const Shape& shape) {
  AffineForm bound;
  for (const std::string& variable : variables) {
    const std::string rank = rank_of_variable(variable);
    bound.coefficients.push_back(rank == partition.outer ? shape.at(partition.inner) : rank == partition.inner);
  }
  bound.constant = 1 - shape.at(partition.rank);
  return bound.coefficients == constraint.form.coefficients && bound.constant == constraint.form.constant;
}

bool reads_earlier_state(const Access& output, const Access& access) {
  for (std::size_t i = 0; i < access.indices.size() && i < output.indices.size(); ++i) {
    if (access.indices[i].plain_variable() && output.indices[i].plain_variable() &&
        access.indices[i].plain_offset() < output.indices[i].plain_offset()) {
      return true;
    }
  }
  return false;
}

const Access* access_to(const std::vector<const Access*>& accesses, const std::string& tensor_name) {
  for (const Access* access : accesses) {
    if (access->tensor == tensor_name) return access;
  }
  return nullptr;
}

std::vector<std::string> index_variables(const Access& access) {
  std::vector<std::string> variables;
  for (const IndexExpression& index : access.indices) {
    for (const std::string& variable : index.variables()) {
      if (std::find(variables.begin(), variables.end(), variable) == variables.end()) variables.push_back(variable);
    }
  }
  return variables;
}

}  // namespace einloom
