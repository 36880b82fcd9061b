// SPDX-License-Identifier: Apache-2.0
#include "einsum/value_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {

namespace {

double bytes_of(const TensorDecl& tensor, const Shape& shape) {
  double bytes = sizeof(double);
  for (const std::string& rank : tensor.ranks) {
    // An iterative tensor has one state more than iterations.
    bytes *= static_cast<double>(shape.at(rank)) + (rank == tensor.iterative_rank ? 1 : 0);
  }
  return bytes;
}

}  // namespace

double value_bytes(const Cascade& cascade, const Shape& shape) {
  double bytes = 0;
  for (const TensorDecl& tensor : cascade.tensors()) bytes += bytes_of(tensor, shape);
  return bytes;
}

void require_values_fit(const Cascade& cascade, const Shape& shape, const Span& where) {
  const double bytes = value_bytes(cascade, shape);
  if (bytes <= static_cast<double>(kMostValueBytes)) return;
  const auto& tensors = cascade.tensors();
  const auto largest = std::max_element(tensors.begin(), tensors.end(), [&](const TensorDecl& a, const TensorDecl& b) {
    return bytes_of(a, shape) < bytes_of(b, shape);
  });
  throw UserError(Diagnostic{
      "workload-too-large",
      fmt::format("the values of `{}` take {:.3g} GiB, `{}` alone {:.3g}; at most {} GiB are evaluated", cascade.name(),
                  bytes / 0x1p30, largest->name, bytes_of(*largest, shape) / 0x1p30, kMostValueBytes >> 30),
      where,
      {},
      fmt::format("make an extent of `{}` smaller ({}); `analyze` counts without values", largest->name,
                  fmt::join(largest->ranks, ", "))});
}

}  // namespace einloom
