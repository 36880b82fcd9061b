// SPDX-License-Identifier: Apache-2.0
// The bytes that no schedule avoids: each input is read once, each output written once, whole.
// Absent points are not taken out; a state that is an output counts its first value too.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/counts.hpp"

namespace einloom {

struct CompulsoryTraffic {
  std::map<std::string, std::int64_t> bytes;  // by input and output
  std::int64_t read_bytes = 0, written_bytes = 0;
  [[nodiscard]] std::int64_t total_bytes() const { return read_bytes + written_bytes; }
};

// `dtype` is that of tensors that declare none.
[[nodiscard]] CompulsoryTraffic compulsory_traffic(const Cascade& cascade, const Shape& shape, Dtype dtype);

// Elements of a tensor, states of an iteration included. InternalError above 64 bits.
[[nodiscard]] std::int64_t element_count(const TensorDecl& tensor, const Shape& shape);

// All operations, a MAC counted as two (its multiplication and its addition).
[[nodiscard]] std::int64_t total_operations(const OperationCounts& counts);

}  // namespace einloom
