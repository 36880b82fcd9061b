// SPDX-License-Identifier: Apache-2.0
#include "einsum/traffic.hpp"

#include <limits>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::int64_t element_count(const TensorDecl& tensor, const Shape& shape) {
  std::int64_t count = 1;
  for (const std::string& rank : tensor.ranks) {
    const std::int64_t extent = shape.at(rank) + (rank == tensor.iterative_rank ? 1 : 0);
    ensure(extent == 0 || count <= kLargest / extent, "a tensor has more than 2^63 elements");
    count *= extent;
  }
  return count;
}

CompulsoryTraffic compulsory_traffic(const Cascade& cascade, const Shape& shape, Dtype dtype) {
  CompulsoryTraffic traffic;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::intermediate) continue;
    const std::int64_t size = size_of(tensor.dtype.value_or(dtype)).value();
    const std::int64_t elements = element_count(tensor, shape);
    ensure(elements <= kLargest / 16 / size, "the bytes of a cascade exceed 64 bits");
    traffic.bytes[tensor.name] = elements * size;
    (tensor.role == TensorRole::input ? traffic.read_bytes : traffic.written_bytes) += elements * size;
  }
  return traffic;
}

std::int64_t total_operations(const OperationCounts& counts) {
  std::int64_t total = 0;
  for (const auto& [op, count] : counts) {
    const std::int64_t each = op == "mac" ? 2 : 1;
    ensure(count <= (kLargest - total) / each, "an operation count exceeds 64 bits");
    total += each * count;
  }
  return total;
}

}  // namespace einloom
