// SPDX-License-Identifier: Apache-2.0
// The transformations by name, and what a text such as `partition:M=64` asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

struct Transform {
  std::string name;
  std::int64_t default_tile = 0;  // 0 when it takes none
  std::string text;               // what it does, for people
  Cascade (*apply)(const Cascade& cascade, const std::string& rank, std::int64_t tile) = nullptr;
};
[[nodiscard]] const std::vector<Transform>& all_transforms();  // sorted by name

struct TransformCall {
  const Transform* transform = nullptr;
  std::string rank;
  std::int64_t tile = 0;
  [[nodiscard]] std::string text() const;
};
// NAME:RANK or NAME:RANK=TILE. UserError transform-syntax, transform-unknown at `where`.
[[nodiscard]] TransformCall parse_transform(const std::string& text, const Span& where);

// UserError transform-impossible.
[[nodiscard]] Cascade apply(const TransformCall& call, const Cascade& cascade);

// The same cascade under another name and description.
[[nodiscard]] Cascade renamed(const Cascade& cascade, const std::string& name, const std::string& description);

}  // namespace einloom::transforms
