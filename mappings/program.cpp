// SPDX-License-Identifier: Apache-2.0
// Arithmetic on positions in a Program's loop tree.
#include "mappings/program.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"
#include "mappings/growing_loops.hpp"

namespace einloom {

std::string ProgramLoop::name() const {
  std::string text;
  for (const LoopDigit& digit : digits) text += (text.empty() ? "" : ".") + digit.variable;
  return text;
}

bool Program::takes_slot(const Storage& storage, const std::vector<std::int64_t>& position) {
  if (storage.firsts && !storage.firsts->at(position.data())) return false;
  std::size_t next = 0;
  for (std::size_t e = 0; e < position.size(); ++e) {
    if (next < storage.loops.size() && storage.loops[next] == static_cast<int>(e)) {
      ++next;
    } else if (position[e] != 0 && !(storage.firsts && storage.firsts->is_masked(e))) {
      return false;
    }
  }
  return true;
}

void Program::position_of(const Statement& statement, std::int64_t index, std::vector<std::int64_t>& position) const {
  position.resize(statement.trips.size());
  if (grows) {
    LevelSpace(*this, statement).digits(index, position.data());
    return;
  }
  for (std::size_t i = statement.trips.size(); i-- > 0;) {
    position[i] = index % statement.trips[i];
    index /= statement.trips[i];
  }
}

unsigned Program::variant_at(const Statement& statement, const std::vector<std::int64_t>& position) const {
  unsigned mask = 0;
  for (std::size_t k = 0; k < statement.partials.size(); ++k) {
    const TileMask* ends = statement.partials[k].ends_sum ? statement.sum_ends.get() : nullptr;
    bool applies = ends == nullptr || ends->at(position.data());
    for (int loop : statement.partials[k].loops) {
      const auto at = static_cast<std::size_t>(loop);
      if (statement.guards[at] == Guard::every) {
        const auto found = std::find(statement.effective.begin(), statement.effective.end(), loop);
        const auto e = static_cast<std::size_t>(found - statement.effective.begin());
        if (ends != nullptr && ends->is_masked(e)) continue;
        applies = applies && position[e] == statement.trips[e] - 1;
      } else if (statement.guards[at] == Guard::first) {
        applies = applies && loops[static_cast<std::size_t>(statement.loops[at])].trip == 1;
      }
    }
    if (applies) mask |= 1U << k;
  }
  return mask;
}

namespace {

// Where some tiles are left out: those that are issued, by which of the masked loops stand at their last index, times
// what the other loops do.
std::vector<std::int64_t> masked_instances(const Program& program, const Statement& statement) {
  const TileMask& mask = *statement.mask;
  const std::vector<int>& masked = mask.levels();
  const std::size_t levels = statement.trips.size();
  // By flags: bit i, the i-th masked level is at its last index; the highest, the tile is the last of its sum.
  std::vector<std::int64_t> tiles(std::size_t{2} << masked.size(), 0);
  std::vector<std::int64_t> digits;
  const std::size_t ends = std::size_t{1} << masked.size(), inner = ends >> 1;
  const auto add = [&](std::size_t flags, std::int64_t from, std::int64_t end) {
    const std::int64_t of_sums = statement.sum_ends ? statement.sum_ends->count(from, end) : 0;
    tiles[flags | ends] += of_sums;
    tiles[flags] += mask.count(from, end) - of_sums;
  };
  for (std::int64_t row = 0; row < mask.bits(); row += mask.row_bits()) {
    mask.digits_of(row, digits);
    std::size_t flags = 0;
    for (std::size_t i = 0; i + 1 < masked.size(); ++i) {
      if (digits[i] == statement.trips[static_cast<std::size_t>(masked[i])] - 1) flags |= std::size_t{1} << i;
    }
    add(flags, row, row + mask.row_bits() - 1);
    add(flags | inner, row + mask.row_bits() - 1, row + mask.row_bits());
  }
  std::vector<std::int64_t> counts(statement.variants.size(), 0);
  for (std::size_t last = 0; last < std::size_t{1} << levels; ++last) {  // bit e: level e at its last index
    std::int64_t others = 1;
    std::size_t flags = 0;
    for (std::size_t e = 0; e < levels; ++e) {
      if (!mask.is_masked(e)) others *= (last >> e & 1U) != 0 ? 1 : statement.trips[e] - 1;
    }
    for (std::size_t i = 0; i < masked.size(); ++i) flags |= (last >> masked[i] & 1U) << i;
    for (const bool of_sum_end : {false, true}) {
      const std::int64_t count = others * tiles[flags | (of_sum_end ? ends : 0)];
      if (count == 0) continue;
      unsigned variant = 0;
      for (std::size_t k = 0; k < statement.partials.size(); ++k) {
        const bool of_sum = statement.partials[k].ends_sum && statement.sum_ends != nullptr;
        bool applies = !of_sum || of_sum_end;
        for (int loop : statement.partials[k].loops) {
          const auto at = static_cast<std::size_t>(loop);
          if (statement.guards[at] == Guard::first) {
            applies = applies && program.loops[static_cast<std::size_t>(statement.loops[at])].trip == 1;
          }
          if (statement.guards[at] != Guard::every) continue;
          const auto found = std::find(statement.effective.begin(), statement.effective.end(), loop);
          const auto e = static_cast<std::size_t>(found - statement.effective.begin());
          applies = applies && ((of_sum && mask.is_masked(e)) || (last >> e & 1U) != 0);
        }
        if (applies) variant |= 1U << k;
      }
      counts[variant] += count;
    }
  }
  return counts;
}

}  // namespace

std::vector<std::int64_t> Program::instances_by_variant(const Statement& statement) const {
  if (statement.mask) return masked_instances(*this, statement);
  // Instances where a set of partials applies at least: product of trips of the loops that are not pinned to the last
  // iteration. Exactly a set: inclusion–exclusion from the largest sets down.
  const std::size_t sets = statement.variants.size();
  std::vector<std::int64_t> counts(sets, 0);
  for (std::size_t set = sets; set-- > 0;) {
    std::vector<char> pinned(statement.effective.size(), 0);
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      for (std::size_t k = 0; k < statement.partials.size(); ++k) {
        if ((set >> k & 1U) == 0) continue;
        const auto& pins = statement.partials[k].loops;
        if (std::find(pins.begin(), pins.end(), statement.effective[e]) != pins.end()) pinned[e] = 1;
      }
    }
    std::int64_t count = LevelSpace(*this, statement).count(pinned);
    for (std::size_t k = 0; k < statement.partials.size(); ++k) {
      if ((set >> k & 1U) == 0) continue;
      for (int loop : statement.partials[k].loops) {
        const auto at = static_cast<std::size_t>(loop);
        if (statement.guards[at] == Guard::first && loops[static_cast<std::size_t>(statement.loops[at])].trip != 1) {
          count = 0;
        }
      }
    }
    for (std::size_t larger = set + 1; larger < sets; ++larger) {
      if ((larger & set) == set) count -= counts[larger];
    }
    counts[set] = count;
  }
  return counts;
}

std::int64_t Program::iteration_of(const Statement& statement, const std::vector<std::int64_t>& position) const {
  std::int64_t sequence = statement.body_offset;
  std::size_t e = 0;
  if (grows) return iteration_in_growing(*this, statement, position);
  for (std::size_t i = 0; i < statement.loops.size(); ++i) {
    const ProgramLoop& loop = loops[static_cast<std::size_t>(statement.loops[i])];
    std::int64_t index = 0;
    if (statement.guards[i] == Guard::every) {
      index = position[e++];
    } else if (statement.guards[i] == Guard::last) {
      index = loop.trip - 1;
    }
    sequence += loop.offset + index * loop.volume;
  }
  return sequence;
}

std::int64_t Program::instances_within(const Statement& statement, std::int64_t executions) const {
  if (grows) return instances_within_growing(*this, statement, executions);
  // inner[i]: instances inside one iteration of path loop i.
  std::int64_t inner = statement.instances;
  std::int64_t count = 0;
  std::int64_t left = executions;
  for (std::size_t i = 0; i < statement.loops.size(); ++i) {
    const ProgramLoop& loop = loops[static_cast<std::size_t>(statement.loops[i])];
    left -= loop.offset;
    if (left <= 0) return count;
    const Guard guard = statement.guards[i];
    if (guard == Guard::every) inner /= loop.trip;
    const std::int64_t full = std::min(left / loop.volume, loop.trip);
    if (guard == Guard::every) count += full * inner;
    if (guard == Guard::first && full >= 1) count += inner;
    if (guard == Guard::last && full == loop.trip) count += inner;
    if (full == loop.trip) return count;
    const bool enters = guard == Guard::every || (guard == Guard::first && full == 0) ||
                        (guard == Guard::last && full == loop.trip - 1);
    if (!enters) return count;
    left -= full * loop.volume;
  }
  return left > statement.body_offset ? count + 1 : count;
}

}  // namespace einloom
