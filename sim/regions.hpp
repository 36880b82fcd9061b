// SPDX-License-Identifier: Apache-2.0
// Elements of a part of a tensor, and whether a tensor lives in a memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor.hpp"
#include "einsum/evaluator.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Calls f(offset) for every element of a region.
template <class T, class F>
void for_each_element(const Tensor<T>& tensor, const Box& region, F&& f) {
  std::vector<std::int64_t> at;
  for (const Range& range : region) {
    if (range.begin >= range.end) return;
    at.push_back(range.begin);
  }
  while (true) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < at.size(); ++i) offset += at[i] * tensor.strides()[i];
    f(offset);
    std::size_t i = at.size();
    while (i > 0 && ++at[i - 1] == region[i - 1].end) {
      at[i - 1] = region[i - 1].begin;
      --i;
    }
    if (i == 0) return;
  }
}

// Is the tensor kept in a memory, so that its values are rounded to its dtype?
[[nodiscard]] inline bool is_stored(const Program& program, const std::string& tensor) {
  return std::any_of(program.storages.begin(), program.storages.end(), [&](const Storage& storage) {
    return storage.memory >= 0 && program.tensors[static_cast<std::size_t>(storage.tensor)] == tensor;
  });
}

}  // namespace einloom
