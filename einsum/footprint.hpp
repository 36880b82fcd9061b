// SPDX-License-Identifier: Apache-2.0
// What must stay (or be read, or computed, again) because the fibres of a rank are traversed more than once, and what
// a single traversal carries along. Sizes are products of ranks; numbers follow from a shape.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "einsum/passes.hpp"

namespace einloom {

// A product of extents: {B, M, P} is B·M·P, {} is 1.
struct RankProduct {
  std::vector<std::string> ranks;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t at(const Shape& shape) const;  // InternalError above 64 bits
};

enum class LiveKind {
  fibre,    // full in the rank: there or read in pass `from`, read again in pass `to`
  summary,  // an element a tile, kept from pass `from` until it is read after it
  state     // carried from each step of an iteration over the rank to the next
};

struct LiveTensor {
  std::string tensor;
  LiveKind kind = LiveKind::fibre;
  int from = 0, to = 0;  // passes; the last one that reads it
  int rereads = 0;       // fibre: passes that read it again
  RankProduct all;       // the whole tensor
  // all = each · held: the indices of `each` are independent, and at one of them `held` must be there at a time.
  RankProduct each, held;
  // fibre: full inputs it is mapped from, which can be read again instead.
  std::vector<std::string> sources;
};

struct LiveFootprint {
  RankGroup group;
  int passes = 0;
  std::vector<LiveTensor> tensors;  // in the cascade's order of tensors
  // Elements of the fibres held between pass `boundary` (1, …) and the next one, at a shape.
  [[nodiscard]] std::int64_t held_fibres(int boundary, const Shape& shape) const;
  // The largest over all boundaries; 0 for one pass.
  [[nodiscard]] std::int64_t largest_held_fibres(const Shape& shape) const;
};

[[nodiscard]] LiveFootprint live_footprint(const Cascade& cascade, const RankPasses& passes);

}  // namespace einloom
