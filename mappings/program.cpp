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
    bool applies = true;
    for (int loop : statement.partials[k].loops) {
      const auto at = static_cast<std::size_t>(loop);
      if (statement.guards[at] == Guard::every) {
        const auto found = std::find(statement.effective.begin(), statement.effective.end(), loop);
        const auto e = static_cast<std::size_t>(found - statement.effective.begin());
        applies = applies && position[e] == statement.trips[e] - 1;
      } else if (statement.guards[at] == Guard::first) {
        applies = applies && loops[static_cast<std::size_t>(statement.loops[at])].trip == 1;
      }
    }
    if (applies) mask |= 1U << k;
  }
  return mask;
}

std::vector<std::int64_t> Program::instances_by_variant(const Statement& statement) const {
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
