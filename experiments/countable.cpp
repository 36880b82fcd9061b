// SPDX-License-Identifier: Apache-2.0
#include "experiments/countable.hpp"

#include <fmt/format.h>

#include "base/diagnostic.hpp"
#include "einsum/counts.hpp"

namespace einloom {

namespace {

constexpr double kLargestCount = 0x1p62;

}  // namespace

void require_countable(const Cascade& cascade, const Shape& shape, const Span& where) {
  const auto check = [&](double count, const std::string& name, const char* what) {
    if (count <= kLargestCount) return;
    throw UserError(
        Diagnostic{"workload-too-large",
                   fmt::format("`{}` has {:.3g} {}; at most {:.3g} can be counted", name, count, what, kLargestCount),
                   where,
                   {},
                   "make an extent smaller"});
  };
  double all = 0;
  for (const Einsum& einsum : cascade.einsums()) {
    double points = 2;  // a MAC counts two
    for (const std::string& variable : einsum.variables()) {
      points *= static_cast<double>(shape.at(rank_of_variable(variable)));
    }
    double each = static_cast<double>(einsum.reductions.size()) + 1;
    for (const auto& [op, count] : operations_per_point(einsum)) each += static_cast<double>(count);
    check(points * each, einsum.name(), "operations");
    all += points * each;
  }
  check(all, cascade.name(), "operations");
  all = 0;
  for (const TensorDecl& tensor : cascade.tensors()) {
    double bytes = 8;
    for (const std::string& rank : tensor.ranks) bytes *= static_cast<double>(shape.at(rank) + 1);
    check(bytes, tensor.name, "bytes");
    all += bytes;
  }
  check(all, cascade.name(), "bytes");
}

}  // namespace einloom
