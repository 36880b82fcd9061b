// SPDX-License-Identifier: Apache-2.0
// Where in DRAM the tiles of a Program lie. Every tensor is one piece, row-major in its declared order of ranks; the
// tensors lie one behind the other, each from a multiple of `alignment` on. A tile is its runs of consecutive bytes, in
// row-major order, and each run is the accesses that it touches; an access that ends one run and begins the next is
// made once.
#pragma once

#include <cstdint>
#include <vector>

#include "mappings/program.hpp"

namespace einloom {

// A walk over the accesses of one move.
struct AccessWalk {
  struct Dimension {
    std::int64_t count = 1, stride = 0;  // bytes
  };
  std::int64_t start = 0;  // first byte
  std::int64_t run_bytes = 0;
  std::vector<Dimension> outer;  // of the runs, outermost first
  std::int64_t runs = 1;

  std::int64_t run = 0;      // where the walk is
  std::int64_t address = 0;  // of the access, a multiple of its size
  std::int64_t left = 0;     // accesses at most, this one included

  [[nodiscard]] bool done() const { return run >= runs || left <= 0; }
  void begin(std::int64_t access_bytes);
  void advance(std::int64_t access_bytes);
  [[nodiscard]] std::int64_t run_start(std::int64_t r) const;
};

class MoveAddresses {
 public:
  MoveAddresses(const Program& program, std::int64_t alignment);

  // First byte that a move touches at a position of its effective loops.
  [[nodiscard]] std::int64_t start(const Statement& move, const std::vector<std::int64_t>& position) const;
  // All of it, from its first access on.
  void walk(const Statement& move, const std::vector<std::int64_t>& position, std::int64_t move_bytes,
            std::int64_t access_bytes, AccessWalk& walk) const;
  // Does start() grow by the same amount with every iteration of the effective loop `level`?
  [[nodiscard]] bool is_even(const Statement& move, std::size_t level) const;

  [[nodiscard]] std::int64_t base(int tensor) const { return bases_[static_cast<std::size_t>(tensor)]; }
  // The tensor that lies at an address; -1: none.
  [[nodiscard]] int tensor_at(std::int64_t address) const;

 private:
  const Program& program_;
  std::vector<std::int64_t> bases_;  // by tensor; -1: never moved
  std::vector<std::pair<std::int64_t, int>> by_base_;
};

}  // namespace einloom
