// SPDX-License-Identifier: Apache-2.0
#include "experiments/cascade_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "einsum/evaluator.hpp"
#include "einsum/input_values.hpp"
#include "einsum/tolerance.hpp"
#include "experiments/reference_lookup.hpp"

namespace einloom {

namespace {

constexpr std::int64_t kSmallExtents[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
constexpr std::int64_t kPartitionedExtent = 37;
constexpr std::int64_t kSmallTile = 8;

// Arithmetic here is as wide as the format, from fp32 on.
Dtype arithmetic_of(Dtype dtype) { return dtype == Dtype::fp64 ? Dtype::fp64 : Dtype::fp32; }

// The cascade's outputs.
template <class T>
TensorStore<double> evaluated(const Cascade& cascade, const Shape& shape, Dtype dtype,
                              const TensorStore<double>& inputs) {
  TensorStore<T> store = make_store<T>(cascade, shape, T{0});
  for (const auto& [name, exact] : inputs) {
    Tensor<T>& values = store.at(name);
    for (std::int64_t i = 0; i < exact.size(); ++i) values.data()[i] = static_cast<T>(exact.data()[i]);
  }
  evaluate(cascade, shape, Precision{dtype}, store);
  TensorStore<double> outputs;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::output) continue;
    const Tensor<T>& values = store.at(tensor.name);
    Tensor<double> wide(values.ranks(), values.extents());
    std::copy(values.data(), values.data() + values.size(), wide.data());
    outputs.emplace(tensor.name, std::move(wide));
  }
  return outputs;
}

std::string place(const Tensor<double>& tensor, std::int64_t offset) {
  std::string text;
  for (std::size_t i = 0; i < tensor.ranks().size(); ++i) {
    text += fmt::format("{}{}={}", i > 0 ? ", " : "", variable_of_rank(tensor.ranks()[i]),
                        offset / tensor.strides()[i] % tensor.extents()[i]);
  }
  return text;
}

// The values around the first one that is wrong, along the last rank.
std::string window(const std::string& name, const Tensor<double>& got, const Tensor<double>& expected,
                   std::int64_t offset) {
  std::string text = fmt::format("first difference in {}[{}]\n", name, place(got, offset));
  for (std::int64_t i = std::max<std::int64_t>(0, offset - 2); i < std::min(got.size(), offset + 3); ++i) {
    text += fmt::format("  {} {}[{}] = {:.9g}, kernel {:.9g}\n", i == offset ? '>' : ' ', name, place(got, i),
                        got.data()[i], expected.data()[i]);
  }
  return text;
}

void compare(const std::string& name, const Tensor<double>& got, const Tensor<double>& expected, CheckReport& check) {
  ensure(got.extents() == expected.extents(), "the reference kernel's output has another shape");
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const double reference = expected.data()[i];
    // Equal infinities (the log-sum-exp of no key) have no error.
    const double error = got.data()[i] == reference ? 0 : std::abs(got.data()[i] - reference);
    const double relative = error == 0 ? 0 : error / (1 + std::abs(reference));
    if (!(relative <= check.tolerance) && check.passed) {
      check.passed = false;
      check.first_mismatch = window(name, got, expected, i);
    }
    // NaN compares false to everything; an error that is NaN must win.
    if (!(error <= check.max_abs_error)) check.max_abs_error = error;
    if (!(relative <= check.max_rel_error)) check.max_rel_error = relative;
  }
  check.values += got.size();
}

void compare(const TensorStore<double>& outputs, const TensorStore<double>& expected, CheckReport& check) {
  CheckReport fresh;
  fresh.tolerance = check.tolerance;
  fresh.description = check.description;
  check = std::move(fresh);
  for (const auto& [name, values] : expected) compare(name, outputs.at(name), values, check);
}

}  // namespace

std::optional<Shape> checked_shape(const Cascade& cascade) {
  const auto& tensors = cascade.tensors();
  const bool has_indices = std::any_of(tensors.begin(), tensors.end(), [](const TensorDecl& tensor) {
    return tensor.role == TensorRole::input && tensor.dtype == Dtype::int32;
  });
  if (cascade.derived_ranks().empty() && !has_indices) return std::nullopt;
  for (const CheckCase& one : cascade.checks().cases) {
    const bool fits = std::all_of(cascade.options().begin(), cascade.options().end(), [&](const OptionDecl& option) {
      const auto chosen = one.options.find(option.name);
      return option.chosen == (chosen == one.options.end() ? option.values.front() : chosen->second);
    });
    if (!fits) continue;
    Shape shape;
    for (const ParameterDecl& parameter : cascade.parameters()) shape.set(parameter.name, parameter.default_value);
    for (const RankDecl& rank : cascade.ranks()) {
      const auto extent = one.shape.find(rank.name);
      if (extent != one.shape.end()) shape.set(rank.name, extent->second);
      if (extent == one.shape.end() && !cascade.is_derived(rank.name)) return std::nullopt;
    }
    for (const ParameterDecl& parameter : cascade.parameters()) {
      const auto value = one.shape.find(parameter.name);
      if (value != one.shape.end()) shape.set(parameter.name, value->second);
    }
    return shape;
  }
  return std::nullopt;
}

Shape small_shape(const Cascade& cascade) {
  if (const std::optional<Shape> checked = checked_shape(cascade)) return *checked;
  Shape shape;
  std::size_t next = 0;
  for (const RankDecl& rank : cascade.ranks()) {
    if (cascade.is_derived(rank.name)) continue;
    const bool partitioned = cascade.partition_of(rank.name) != nullptr;
    shape.set(rank.name, partitioned ? kPartitionedExtent : kSmallExtents[next % std::size(kSmallExtents)]);
    if (!partitioned) ++next;
  }
  for (const ParameterDecl& parameter : cascade.parameters()) {
    shape.set(parameter.name, std::min(parameter.default_value, kSmallTile));
  }
  return shape;
}

CheckReport check_inputs(const Cascade& cascade, const Shape& shape, Dtype dtype, std::optional<double> tolerance,
                         TensorStore<double> inputs) {
  const ReferenceFunction reference = reference_for(cascade);
  for (auto& [name, values] : inputs) {
    round_to(cascade.find_tensor(name)->dtype.value_or(dtype), values.data(), static_cast<std::size_t>(values.size()));
  }
  CheckReport check;
  check.description = fmt::format("kernel `{}` in fp64", cascade.reference());
  const TensorStore<double> expected = reference(inputs, shape);
  const auto hold = [&](const Tolerance& to) {
    check.tolerance = to.value;
    compare(to.dtype == Dtype::fp64 ? evaluated<double>(cascade, shape, to.dtype, inputs)
                                    : evaluated<float>(cascade, shape, to.dtype, inputs),
            expected, check);
  };
  hold({dtype, tolerance.value_or(least_tolerance(cascade, dtype))});
  if (check.passed || tolerance) return check;
  const RunRounding rounding{[](const std::string&) { return Roundings{}; }, arithmetic_of};
  const Tolerance noise = rounding_tolerance(cascade, shape, dtype, inputs, rounding);
  if (noise.dtype != dtype) {
    check.description += fmt::format(", values in {} ({} loses more than {:g})", name_of(noise.dtype), name_of(dtype),
                                     kLargestTolerance);
  }
  hold(noise);
  return check;
}

CheckReport check_cascade(const Cascade& cascade, const Shape& shape, const CascadeCheckOptions& options) {
  TensorStore<double> inputs = draw_inputs(cascade, shape, options.seed);
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    Tensor<double>& first = inputs.at(tensor.name);
    for (std::int64_t i = 0; i < first.size(); ++i) first.data()[i] *= options.input_scale;
    break;
  }
  return check_inputs(cascade, shape, options.dtype, std::nullopt, std::move(inputs));
}

}  // namespace einloom
