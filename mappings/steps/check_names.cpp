// SPDX-License-Identifier: Apache-2.0
// Bindings name things that exist, and every Einsum has an array that can run it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "einsum/counts.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

std::vector<std::string> einsum_names(const Cascade& cascade) {
  std::vector<std::string> names;
  for (const Einsum& einsum : cascade.einsums()) names.push_back(einsum.name());
  return names;
}

std::vector<std::string> array_names(const Machine& machine) {
  std::vector<std::string> names;
  for (const PeArray& array : machine.arrays) names.push_back(array.name);
  return names;
}

void check_operations(Lowering& lowering, const Binding& binding, const Einsum& einsum, const PeArray& array) {
  std::set<std::string> needed;
  for (const auto& [op, count] : operations_per_point(einsum)) needed.insert(op);
  for (const OuterReduction& outer : outer_reductions(einsum)) needed.insert(outer.op);
  for (const std::string& op : needed) {
    if (array.operations.count(op) != 0) continue;
    std::string known;
    for (const auto& [name, cost] : array.operations) known += (known.empty() ? "" : ", ") + name;
    std::string able;
    for (const PeArray& other : lowering.machine.arrays) {
      if (other.operations.count(op) != 0) able += (able.empty() ? "" : ", ") + other.name;
    }
    lowering.diagnostics
        .error("array-lacks-operation", binding.array.span,
               fmt::format("`{}` needs `{}`; the PEs of `{}` have {}", einsum.name(), op, array.name, known))
        .note(fmt::format("`{}` declared here", array.name), array.span)
        .with_help(able.empty() ? fmt::format("add `{}` to the operations of an array", op)
                                : fmt::format("bind `{}` to {}", einsum.name(), able));
  }
}

// What a binding places are indices of the Einsum, or levels of them; each at most once.
void check_indices(Lowering& lowering, const Binding& binding, const Einsum& einsum) {
  const std::vector<std::string> variables = einsum.variables();
  std::vector<const Name*> placed;
  if (binding.rows) placed.push_back(&*binding.rows);
  if (binding.columns) placed.push_back(&*binding.columns);
  for (const Name& name : binding.time) placed.push_back(&name);
  std::vector<IndexLevel> seen;
  for (const Name* name : placed) {
    const IndexLevel index = lowering.index_level(name->text);
    const bool known = std::find(variables.begin(), variables.end(), index.variable) != variables.end();
    const bool repeated = std::any_of(seen.begin(), seen.end(), [&](const IndexLevel& other) {
      return other.variable == index.variable && (other.level == index.level || other.level < 0 || index.level < 0);
    });
    if (!known) {
      lowering.diagnostics
          .error("binding-unknown-index", name->span,
                 fmt::format("`{}` is not an index of `{}`", name->text, einsum.name()))
          .with_help(suggestion(name->text, variables));
    } else if (repeated) {
      lowering.diagnostics.error(
          "binding-repeated-index", name->span,
          fmt::format("`{}` already has a place in the binding of `{}`", name->text, einsum.name()));
    }
    seen.push_back(index);
  }
}

}  // namespace

void check_names(Lowering& lowering) {
  const Cascade& cascade = lowering.cascade;
  const Machine& machine = lowering.machine;
  bool unknown_einsum = false;  // a misspelt name is not reported as a missing one as well
  for (const Binding& binding : lowering.plan.bindings) {
    const Einsum* einsum = cascade.find_einsum(binding.einsum.text);
    const PeArray* array = machine.find_array(binding.array.text);
    if (einsum == nullptr) {
      lowering.diagnostics
          .error("einsum-unknown", binding.einsum.span,
                 fmt::format("cascade `{}` has no Einsum `{}`", cascade.name(), binding.einsum.text))
          .with_help(suggestion(binding.einsum.text, einsum_names(cascade)));
    }
    if (array == nullptr) {
      lowering.diagnostics
          .error("array-unknown", binding.array.span,
                 fmt::format("machine `{}` has no array `{}`", machine.name, binding.array.text))
          .with_help(suggestion(binding.array.text, array_names(machine)));
    }
    unknown_einsum = unknown_einsum || einsum == nullptr;
    if (einsum == nullptr) continue;
    lowering.binding_of[einsum->name()] = &binding;
    check_indices(lowering, binding, *einsum);
    if (array != nullptr) check_operations(lowering, binding, *einsum, *array);
  }
  for (const Einsum& einsum : cascade.einsums()) {
    if (unknown_einsum || lowering.binding_of.count(einsum.name()) != 0) continue;
    lowering.diagnostics
        .error("einsum-unbound", lowering.plan.span,
               fmt::format("Einsum `{}` is not bound to an array; every Einsum of `{}` must be", einsum.name(),
                           cascade.name()))
        .note("the Einsum", einsum.span)
        .with_help(fmt::format("add `{}: {{array: …}}` to `bind`", einsum.name()));
  }
}

}  // namespace einloom
