// SPDX-License-Identifier: Apache-2.0
// What a tile operation reads and writes in the memories, and the bytes of its tiles.
// Contract: statements before the one asked about have been costed (their boxes are known).
#pragma once

#include "mappings/steps/lowering.hpp"

namespace einloom {

// Elements along one dimension of a tile, for a set of partial extents that apply.
[[nodiscard]] inline std::int64_t extent_in(const BoxDimension& box, unsigned set) {
  return box.partial >= 0 && (set >> box.partial & 1U) != 0 ? box.last : box.full;
}

class MemoryAccesses {
 public:
  explicit MemoryAccesses(Lowering& lowering) : lowering_(lowering) {}

  // Adds to `work`: operands kept in a memory are read once per iteration and array, results kept there are written;
  // what was computed in the same iterations is forwarded. A sum that goes on in the next instance stays in the PEs;
  // one that is taken up again later (`sum_ends` false) is written and read back. For each element that is read or
  // placed through an index tensor an address is added up, once for each of its indices that gathers.
  void add(const Statement& statement, const Einsum& einsum, unsigned set, bool sum_ends, Work& work) const;
  // Bytes of the tile that an access touches. Of what is gathered every point has an element of its own, as long as
  // that is less than all that could be meant.
  [[nodiscard]] std::int64_t tile_bytes(const Access& access, const std::vector<BoxDimension>& box, unsigned set) const;
  // Bytes of the tile that an operation's instances fill: of what is scattered, all that could be meant.
  [[nodiscard]] std::int64_t result_bytes(const Statement& operation, unsigned set) const;
  [[nodiscard]] std::int64_t result_bytes(const Access& output, const std::vector<BoxDimension>& box,
                                          unsigned set) const;
  // The share of some bytes that is not spilled.
  [[nodiscard]] static std::int64_t on_chip(std::int64_t bytes, double spilled);

 private:
  [[nodiscard]] std::int64_t tile_elements(const Access& access, const std::vector<BoxDimension>& box,
                                           unsigned set) const;
  // Elements along one rank between the lowest and the highest index of a tile.
  [[nodiscard]] std::int64_t covered(const Access& access, std::size_t rank, const std::vector<BoxDimension>& box,
                                     unsigned set) const;
  // Elements between the lowest and the highest indices; of a gathered index those of the whole rank.
  [[nodiscard]] std::int64_t region_elements(const Access& access, const std::vector<BoxDimension>& box,
                                             unsigned set) const;
  // Does `statement` read the tile a second time: does it need what another reader of the tile made of all of it?
  [[nodiscard]] bool is_second_pass(const Statement& statement, const Access& access) const;
  // Does it need, directly or not, the result of an Einsum that stands before it in the same body?
  [[nodiscard]] bool depends_on(const Statement& statement, const std::string& name) const;
  [[nodiscard]] bool is_forwarded(const Statement& statement, const Access& access) const;
  // Did an earlier statement of the same body and array read the same tile?
  [[nodiscard]] bool read_earlier(const Statement& statement, const Access& access) const;

  Lowering& lowering_;
};

}  // namespace einloom
