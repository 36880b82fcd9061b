// SPDX-License-Identifier: Apache-2.0
#include "einsum/known_data.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/input_values.hpp"
#include "einsum/operands.hpp"

namespace einloom {
namespace {

std::vector<const Access*> accesses_of(const Comparison& comparison) {
  std::vector<const Access*> found = comparison.left.accesses();
  const std::vector<const Access*> right = comparison.right.accesses();
  found.insert(found.end(), right.begin(), right.end());
  return found;
}

bool are_in(const std::vector<const Access*>& accesses, const std::set<std::string>& tensors) {
  return std::all_of(accesses.begin(), accesses.end(),
                     [&](const Access* access) { return tensors.count(access->tensor) != 0; });
}

bool is_drawn_whole(const Cascade& cascade, const std::string& input) {
  const auto found = cascade.checks().inputs.find(input);
  if (found == cascade.checks().inputs.end()) return false;
  switch (found->second.drawing) {
    case Drawing::integers:
    case Drawing::distinct:
    case Drawing::permutation:
    case Drawing::mask:
    case Drawing::constant:
      return true;
    case Drawing::normal:
    case Drawing::uniform:
    case Drawing::unit_rows:
      return false;
  }
  return false;
}

// An element of an index tensor as a whole number; 0 for what is none, as in a run.
std::int64_t whole_number(double element) {
  return element >= -0x1p40 && element <= 0x1p40 ? std::llround(element) : 0;
}

// `names` and all that their values are made from.
std::set<std::string> with_origins(const Cascade& cascade, std::set<std::string> names) {
  for (std::size_t e = cascade.einsums().size(); e-- > 0;) {
    if (names.count(cascade.einsums()[e].name()) == 0) continue;
    for (const Access* access : operand_accesses(cascade, static_cast<int>(e))) names.insert(access->tensor);
  }
  return names;
}

// Tensors that known comparisons of the domains look at.
std::set<std::string> looked_at(const Cascade& cascade, const std::set<std::string>& known) {
  std::set<std::string> found;
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    for (const Comparison& comparison : cascade.domain(static_cast<int>(e))) {
      const std::vector<const Access*> accesses = accesses_of(comparison);
      if (!are_in(accesses, known)) continue;
      for (const Access* access : accesses) found.insert(access->tensor);
    }
  }
  return found;
}

bool is_input(const Cascade& cascade, const std::string& tensor) {
  return cascade.find_tensor(tensor)->role == TensorRole::input;
}

std::vector<std::int64_t> extents_of(const TensorDecl& tensor, const Shape& shape) {
  std::vector<std::int64_t> extents;
  for (const std::string& rank : tensor.ranks) extents.push_back(shape.at(rank));
  return extents;
}

// The tensors of `known` that are small enough at a shape, and whose origins are.
std::set<std::string> small_enough(const Cascade& cascade, const Shape& shape, std::set<std::string> known) {
  std::erase_if(known, [&](const std::string& name) {
    double elements = 1;
    for (const std::int64_t extent : extents_of(*cascade.find_tensor(name), shape)) {
      elements *= static_cast<double>(extent);
    }
    return elements > static_cast<double>(KnownData::kMostElements);
  });
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    if (!are_in(operand_accesses(cascade, static_cast<int>(e)), known)) known.erase(cascade.einsums()[e].name());
  }
  return known;
}

}  // namespace

std::set<std::string> known_tensors(const Cascade& cascade) {
  std::set<std::string> known;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::input && is_drawn_whole(cascade, tensor.name)) known.insert(tensor.name);
  }
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    const std::string& name = cascade.einsums()[e].name();
    if (!cascade.find_tensor(name)->iterative_rank.empty()) continue;
    if (are_in(operand_accesses(cascade, static_cast<int>(e)), known)) known.insert(name);
  }
  return known;
}

bool has_known_predicate(const Cascade& cascade, int einsum) {
  const std::set<std::string> known = known_tensors(cascade);
  const auto& domain = cascade.domain(einsum);
  return std::any_of(domain.begin(), domain.end(), [&](const Comparison& comparison) {
    return is_data_predicate(comparison) && are_in(accesses_of(comparison), known);
  });
}

std::vector<std::string> deciding_inputs(const Cascade& cascade) {
  const std::set<std::string> all = with_origins(cascade, looked_at(cascade, known_tensors(cascade)));
  std::vector<std::string> inputs;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::input && all.count(tensor.name) != 0) inputs.push_back(tensor.name);
  }
  return inputs;
}

KnownData::KnownData(const Cascade& cascade, const Shape& shape, Dtype dtype, std::uint64_t seed)
    : cascade_(cascade), seed_(seed) {
  std::set<std::string> known = small_enough(cascade, shape, known_tensors(cascade));
  const std::set<std::string> needed = with_origins(cascade, looked_at(cascade, known));
  std::set<std::string> inputs;
  for (const std::string& name : needed) {
    if (is_input(cascade, name)) inputs.insert(name);
  }
  try {
    values_ = draw_run_inputs(cascade, shape, {dtype, seed, 1}, &inputs);
  } catch (const UserError&) {
    // A check of values says that they cannot be drawn; here what follows from them is not known.
    std::erase_if(known, [&](const std::string& name) {
      const std::set<std::string> origins = with_origins(cascade, {name});
      return std::any_of(origins.begin(), origins.end(),
                         [&](const std::string& origin) { return is_input(cascade, origin); });
    });
  }
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    const TensorDecl& tensor = *cascade.find_tensor(cascade.einsums()[e].name());
    if (needed.count(tensor.name) == 0 || known.count(tensor.name) == 0) continue;
    values_.emplace(tensor.name, Tensor<double>(tensor.ranks, extents_of(tensor, shape)));
    const EinsumKernel<double> kernel(cascade, static_cast<int>(e), shape, Precision{dtype});
    kernel.run(full_box(cascade, static_cast<int>(e), shape), false, values_);
  }
  for (auto& [name, tensor] : values_) {
    Limits& limits = limits_[name];
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const std::int64_t value = whole_number(tensor.data()[i]);
      tensor.data()[i] = static_cast<double>(value);
      if (i == 0) limits = {value, value};
      limits.low = std::min(limits.low, value);
      limits.high = std::max(limits.high, value);
    }
  }
}

bool KnownData::knows(const Comparison& comparison) const {
  const std::vector<const Access*> accesses = accesses_of(comparison);
  return std::all_of(accesses.begin(), accesses.end(),
                     [&](const Access* access) { return values_.count(access->tensor) != 0; });
}

bool KnownData::is_drawn(const std::string& tensor) const { return is_input(cascade_, tensor); }

std::vector<std::string> KnownData::deciding(const Comparison& comparison) const {
  std::set<std::string> tensors, inputs;
  for (const Access* access : accesses_of(comparison)) tensors.insert(access->tensor);
  for (const std::string& name : with_origins(cascade_, tensors)) {
    if (is_input(cascade_, name)) inputs.insert(name);
  }
  const std::set<std::string>& found = inputs.empty() ? tensors : inputs;
  return {found.begin(), found.end()};
}

}  // namespace einloom
