// SPDX-License-Identifier: Apache-2.0
#include "sim/move_addresses.hpp"

#include <algorithm>
#include <limits>

#include "mappings/tile_region.hpp"

namespace einloom {
namespace {

// Bytes between neighbours along each rank, and (in the last place) of the whole tensor.
std::vector<std::int64_t> strides_of(const Statement& move) {
  std::vector<std::int64_t> strides(move.region.size() + 1);
  std::int64_t bytes = move.element_bytes;
  for (std::size_t i = move.region.size(); i-- > 0;) {
    strides[i] = bytes;
    bytes *= move.region[i].extent;
  }
  strides.back() = bytes;
  return strides;
}

// Part of a rank that a tile covers; of one that lies outside, the nearest element.
Range covered(const RankRegion& region, const Box& box) {
  Range range = covered_range(region, box, box);
  range.begin = std::min(range.begin, region.extent - 1);
  range.end = std::max(range.end, range.begin + 1);
  return range;
}

// Does the first element go on by the same step with every step of a tile? Not where some tiles are clipped.
bool is_linear(const RankRegion& region, const std::vector<BoxDimension>& box, const Shape& shape) {
  std::int64_t highest = region.offset;
  for (const RankRegion::Term& term : region.terms) {
    const BoxDimension& dimension = box[static_cast<std::size_t>(term.box)];
    if (term.factor < 0) return false;
    const std::int64_t extent = shape.at(rank_of_variable(dimension.variable));
    highest += term.factor * ((extent - 1) / dimension.full * dimension.full);  // where the last tile begins
  }
  return region.offset >= 0 && highest < region.extent;
}

}  // namespace

void AccessWalk::begin(std::int64_t access_bytes) {
  run = 0;
  address = start / access_bytes * access_bytes;
}

std::int64_t AccessWalk::run_start(std::int64_t r) const {
  std::int64_t at = start;
  for (std::size_t d = outer.size(); d-- > 0;) {
    at += r % outer[d].count * outer[d].stride;
    r /= outer[d].count;
  }
  return at;
}

void AccessWalk::advance(std::int64_t access_bytes) {
  --left;
  const std::int64_t made = address;
  address += access_bytes;
  std::int64_t end = run_start(run) + run_bytes;
  while (address >= end && ++run < runs) {
    const std::int64_t begin = run_start(run);
    end = begin + run_bytes;
    address = begin / access_bytes * access_bytes;
    if (address == made) address += access_bytes;
  }
}

MoveAddresses::MoveAddresses(const Program& program, std::int64_t alignment)
    : program_(program), bases_(program.tensors.size(), -1) {
  std::int64_t next = 0;
  for (const Statement& statement : program.statements) {
    if (statement.kind == StatementKind::operation) continue;
    std::int64_t& base = bases_[static_cast<std::size_t>(statement.tensor)];
    if (base >= 0) continue;
    base = next;
    by_base_.emplace_back(base, statement.tensor);
    next += (strides_of(statement).back() + alignment - 1) / alignment * alignment;
  }
}

std::int64_t MoveAddresses::start(const Statement& move, const std::vector<std::int64_t>& position) const {
  const Box box = tile_box(program_, move, position);
  const std::vector<std::int64_t> strides = strides_of(move);
  std::int64_t at = base(move.tensor);
  for (std::size_t i = 0; i < move.region.size(); ++i) at += covered(move.region[i], box).begin * strides[i];
  return at;
}

void MoveAddresses::walk(const Statement& move, const std::vector<std::int64_t>& position, std::int64_t move_bytes,
                         std::int64_t access_bytes, AccessWalk& walk) const {
  const Box box = tile_box(program_, move, position);
  const std::vector<std::int64_t> strides = strides_of(move);
  walk.start = base(move.tensor);
  walk.run_bytes = move.element_bytes;
  walk.outer.clear();
  walk.runs = 1;
  bool whole = true;  // everything further in is covered whole
  for (std::size_t i = move.region.size(); i-- > 0;) {
    const RankRegion& region = move.region[i];
    const auto [begin, end] = covered(region, box);
    const std::int64_t count = end - begin;
    walk.start += begin * strides[i];
    if (whole) {
      walk.run_bytes *= count;
    } else if (count > 1) {
      walk.outer.insert(walk.outer.begin(), {count, strides[i]});
      walk.runs *= count;
    }
    whole = whole && count == region.extent;
  }
  // Of a share of a tile, the first bytes.
  walk.left =
      move.share < 1 ? (move_bytes + access_bytes - 1) / access_bytes : std::numeric_limits<std::int64_t>::max();
  walk.begin(access_bytes);
}

bool MoveAddresses::is_even(const Statement& move, std::size_t level) const {
  const std::vector<std::int64_t> strides = strides_of(move);
  const int path = move.effective[level];
  const ProgramLoop& loop = program_.loops[static_cast<std::size_t>(move.loops[static_cast<std::size_t>(path)])];
  std::vector<std::int64_t> steps;  // bytes per step of each digit
  for (const LoopDigit& digit : loop.digits) {
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < move.region.size(); ++i) {
      for (const RankRegion::Term& term : move.region[i].terms) {
        if (move.box[static_cast<std::size_t>(term.box)].variable == digit.dimension) {
          if (!is_linear(move.region[i], move.box, program_.shape)) return false;
          bytes += term.factor * digit.step * strides[i];
        }
      }
    }
    steps.push_back(bytes);
  }
  for (std::size_t d = 0; d + 1 < steps.size(); ++d) {
    if (steps[d] != steps[d + 1] * loop.digits[d + 1].trip) return false;
  }
  return true;
}

int MoveAddresses::tensor_at(std::int64_t address) const {
  const auto after =
      std::upper_bound(by_base_.begin(), by_base_.end(), std::pair(address, std::numeric_limits<int>::max()));
  return after == by_base_.begin() ? -1 : std::prev(after)->second;
}

}  // namespace einloom
