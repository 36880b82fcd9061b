// SPDX-License-Identifier: Apache-2.0
#include "einsum/input_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/diagnostic.hpp"
#include "einsum/check_names.hpp"

namespace einloom {

double RandomNumbers::uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

double RandomNumbers::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::int64_t RandomNumbers::below(std::int64_t highest) {
  return std::min(highest - 1, static_cast<std::int64_t>(uniform() * static_cast<double>(highest)));
}

namespace {

// All but the first `fixed`.
void shuffle(std::vector<double>& values, std::size_t fixed, RandomNumbers& numbers) {
  for (std::size_t i = values.size(); i > fixed + 1; --i) {
    const auto other = static_cast<std::size_t>(numbers.below(static_cast<std::int64_t>(i - fixed)));
    std::swap(values[i - 1], values[fixed + other]);
  }
}

void draw_fiber(const InputValues& values, std::int64_t below, RandomNumbers& numbers, double* data, std::size_t n) {
  const auto each = [&](auto value) {
    for (std::size_t i = 0; i < n; ++i) data[i] = value();
  };
  switch (values.drawing) {
    case Drawing::normal:
      return each([&] { return values.a * numbers.normal(); });
    case Drawing::uniform:
      return each([&] { return values.a + (values.b - values.a) * numbers.uniform(); });
    case Drawing::integers:
      return each([&] { return static_cast<double>(numbers.below(below)); });
    case Drawing::mask:
      return each([&] { return numbers.uniform() < values.a ? 1.0 : 0.0; });
    case Drawing::constant:
      return each([&] { return values.a; });
    case Drawing::unit_rows: {
      each([&] { return numbers.normal(); });
      const double length = std::sqrt(std::inner_product(data, data + n, data, 0.0));
      for (std::size_t i = 0; i < n; ++i) data[i] = length == 0 ? 0 : data[i] / length;
      return;
    }
    case Drawing::permutation:
    case Drawing::distinct: {
      std::vector<double> all(values.drawing == Drawing::permutation ? n : static_cast<std::size_t>(below));
      std::iota(all.begin(), all.end(), 0.0);
      shuffle(all, values.drawing == Drawing::permutation ? static_cast<std::size_t>(below) : 0, numbers);
      all.resize(n);
      if (values.drawing == Drawing::distinct) std::sort(all.begin(), all.end());
      std::copy(all.begin(), all.end(), data);
      return;
    }
  }
}

}  // namespace

void draw(const Cascade& cascade, const Shape& shape, const TensorDecl& tensor, const InputValues& values,
          RandomNumbers& numbers, Tensor<double>& into) {
  if (into.size() == 0) return;
  const std::int64_t n = into.extents().empty() ? 1 : into.extents().back();
  std::int64_t below = 1;
  if (values.drawing == Drawing::integers || values.drawing == Drawing::distinct) {
    below = static_cast<std::int64_t>(formula_value(cascade, values.below, shape));
    if (below < 1 || (values.drawing == Drawing::distinct && below < n)) {
      throw UserError(Diagnostic{
          "check-drawing", fmt::format("`{}` takes {} whole numbers from [0, {}) along a fiber", tensor.name, n, below),
          values.below.span});
    }
  }
  if (values.drawing == Drawing::permutation) {
    // A parameter that this form of the cascade does not have leaves none in its place.
    const bool is_absent = values.below.kind == ExpressionKind::symbol && !shape.find(values.below.name);
    below = is_absent ? 0 : static_cast<std::int64_t>(formula_value(cascade, values.below, shape));
    if (below < 0 || below > n) {
      throw UserError(Diagnostic{
          "check-drawing", fmt::format("of the {} elements of a fiber of `{}`, {} cannot stay", n, tensor.name, below),
          values.below.span});
    }
  }
  for (std::int64_t at = 0; at < into.size(); at += n) {
    draw_fiber(values, below, numbers, into.data() + at, static_cast<std::size_t>(n));
  }
}

std::map<std::string, Tensor<double>> draw_inputs(const Cascade& cascade, const Shape& shape, std::uint64_t seed) {
  RandomNumbers numbers(seed);
  std::map<std::string, Tensor<double>> inputs;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    std::vector<std::int64_t> extents;
    for (const auto& rank : tensor.ranks) extents.push_back(shape.at(rank));
    Tensor<double> values(tensor.ranks, extents);
    const auto known = cascade.checks().inputs.find(tensor.name);
    draw(cascade, shape, tensor, known == cascade.checks().inputs.end() ? InputValues{} : known->second, numbers,
         values);
    inputs.emplace(tensor.name, std::move(values));
  }
  return inputs;
}

namespace {

bool is_whole(Drawing drawing) {
  return drawing == Drawing::integers || drawing == Drawing::distinct || drawing == Drawing::permutation;
}

}  // namespace

std::map<std::string, Tensor<double>> draw_run_inputs(const Cascade& cascade, const Shape& shape,
                                                      const RunDrawing& drawing, const std::set<std::string>* wanted) {
  std::map<std::string, Tensor<double>> inputs;
  std::mt19937_64 generator(drawing.seed);
  RandomNumbers numbers(drawing.seed);
  bool first = true;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (wanted != nullptr && inputs.size() == wanted->size()) break;
    if (tensor.role != TensorRole::input) continue;
    const bool is_wanted = wanted == nullptr || wanted->count(tensor.name) != 0;
    const auto known = cascade.checks().inputs.find(tensor.name);
    if (known == cascade.checks().inputs.end() && wanted != nullptr) {
      ensure(!is_wanted, "inputs that are drawn alone are those of which the checks say how");
      continue;  // from a sequence of numbers of its own
    }
    std::vector<std::int64_t> extents;
    for (const std::string& rank : tensor.ranks) extents.push_back(shape.at(rank));
    Tensor<double> values(tensor.ranks, extents);
    Dtype dtype = tensor.dtype.value_or(drawing.dtype);
    if (known != cascade.checks().inputs.end()) {
      draw(cascade, shape, tensor, known->second, numbers, values);
      if (is_whole(known->second.drawing)) dtype = Dtype::fp64;
    } else {
      for (std::int64_t i = 0; i < values.size(); ++i) {
        const double u = (static_cast<double>(generator() >> 11) + 0.5) * 0x1p-53;
        const double v = static_cast<double>(generator() >> 11) * 0x1p-53;
        const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
        values.data()[i] = normal * (first ? drawing.first_scale : 1);
      }
      first = false;
    }
    if (!is_wanted) continue;
    for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = round_to(dtype, values.data()[i]);
    inputs.emplace(tensor.name, std::move(values));
  }
  return inputs;
}

}  // namespace einloom
