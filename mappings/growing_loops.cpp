// SPDX-License-Identifier: Apache-2.0
#include "mappings/growing_loops.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// First index at which the loop has all its trips.
std::int64_t first_full(const ProgramLoop& loop) {
  const TripGrowth& growth = *loop.growth;
  const std::int64_t missing = (loop.trip - 1) * growth.divisor - growth.base;
  if (missing <= 0) return 0;
  if (growth.slope == 0) return std::int64_t{1} << 60;
  return (missing + growth.slope - 1) / growth.slope;
}

// Body executions in the first `iterations` iterations of a loop.
std::int64_t executions_before(const Program& program, int loop, std::int64_t iterations) {
  const ProgramLoop& outer = program.loops[static_cast<std::size_t>(loop)];
  const int child = program.growing_child(loop);
  if (child < 0) return iterations * outer.volume;
  const ProgramLoop& inner = program.loops[static_cast<std::size_t>(child)];
  return iterations * outer.volume - inner.volume * (iterations * inner.trip - inner.trips_before(iterations));
}

// What stands `offset` executions into iteration `index` of `loop` (-1: the program) if a growing loop in it were full.
std::int64_t offset_within(const Program& program, int loop, std::int64_t index, std::int64_t offset) {
  const int child = loop < 0 ? -1 : program.growing_child(loop);
  if (child < 0) return offset;
  const ProgramLoop& inner = program.loops[static_cast<std::size_t>(child)];
  if (offset < inner.offset + inner.volume * inner.trip) return offset;
  return offset - inner.volume * (inner.trip - inner.trip_at(index));
}

std::vector<int> all_levels(const Statement& statement) {
  std::vector<int> levels;
  for (std::size_t e = 0; e < statement.effective.size(); ++e) levels.push_back(static_cast<int>(e));
  return levels;
}

}  // namespace

std::int64_t floor_sum(std::int64_t count, std::int64_t slope, std::int64_t base, std::int64_t divisor) {
  // Points under a line, by Euclid's algorithm: whole parts of slope and base leave, then the axes change places.
  std::int64_t sum = 0;
  while (count > 0) {
    sum += (count - 1) * count / 2 * (slope / divisor) + count * (base / divisor);
    slope %= divisor;
    base %= divisor;
    const std::int64_t top = slope * count + base;
    if (top < divisor) return sum;
    count = top / divisor;
    base = top % divisor;
    std::swap(divisor, slope);
  }
  return sum;
}

std::int64_t ProgramLoop::trip_at(std::int64_t parent_index) const {
  if (!growth) return trip;
  return std::min(trip, (growth->slope * parent_index + growth->base) / growth->divisor + 1);
}

std::int64_t ProgramLoop::trips_before(std::int64_t parent_index) const {
  if (!growth) return trip * parent_index;
  const std::int64_t growing = std::min(parent_index, first_full(*this));
  return floor_sum(growing, growth->slope, growth->base, growth->divisor) + growing + (parent_index - growing) * trip;
}

int Program::growing_child(int loop) const {
  if (!grows) return -1;
  for (std::size_t l = 0; l < loops.size(); ++l) {
    if (loops[l].parent == loop && loops[l].growth) return static_cast<int>(l);
  }
  return -1;
}

LevelSpace::LevelSpace(const Program& program, const Statement& statement)
    : LevelSpace(program, statement, all_levels(statement)) {}

LevelSpace::LevelSpace(const Program& program, const Statement& statement, const std::vector<int>& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto e = static_cast<std::size_t>(levels[i]);
    const ProgramLoop& loop =
        program.loops[static_cast<std::size_t>(statement.loops[static_cast<std::size_t>(statement.effective[e])])];
    trips_.push_back(loop.trip);
    if (!loop.growth) continue;
    ensure(
        i > 0 &&
            statement.loops[static_cast<std::size_t>(statement.effective[static_cast<std::size_t>(levels[i - 1])])] ==
                loop.parent,
        "a growing loop is counted together with the loop around it");
    growing_ = i;
    loop_ = &loop;
  }
}

std::int64_t LevelSpace::count(const std::vector<char>& pinned) const {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (growing_ > 0 && i + 1 == growing_) continue;
    if (growing_ == 0 || i != growing_) {
      count *= pinned[i] != 0 ? 1 : trips_[i];
      continue;
    }
    const std::int64_t outer = trips_[i - 1];
    const bool outer_last = pinned[i - 1] != 0, inner_last = pinned[i] != 0;
    if (inner_last) {
      const std::int64_t full = std::max<std::int64_t>(0, outer - first_full(*loop_));
      count *= outer_last ? std::min<std::int64_t>(1, full) : full;
    } else {
      count *= outer_last ? loop_->trip_at(outer - 1) : loop_->trips_before(outer);
    }
  }
  return count;
}

std::int64_t LevelSpace::index(const std::int64_t* digits) const {
  std::int64_t index = 0;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (growing_ > 0 && i + 1 == growing_) continue;
    if (growing_ > 0 && i == growing_) {
      index = index * loop_->trips_before(trips_[i - 1]) + loop_->trips_before(digits[i - 1]) + digits[i];
    } else {
      index = index * trips_[i] + digits[i];
    }
  }
  return index;
}

void LevelSpace::digits(std::int64_t index, std::int64_t* digits) const {
  for (std::size_t i = trips_.size(); i-- > 0;) {
    if (growing_ == 0 || i != growing_) {
      digits[i] = index % trips_[i];
      index /= trips_[i];
      continue;
    }
    const std::int64_t both = loop_->trips_before(trips_[i - 1]);
    const std::int64_t within = index % both;
    index /= both;
    std::int64_t low = 0, high = trips_[i - 1] - 1;  // the last one that begins at or before `within`
    while (low < high) {
      const std::int64_t middle = low + (high - low + 1) / 2;
      if (loop_->trips_before(middle) <= within) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    digits[i] = within - loop_->trips_before(low);
    digits[--i] = low;
  }
}

std::int64_t iteration_in_growing(const Program& program, const Statement& statement,
                                  const std::vector<std::int64_t>& position) {
  std::int64_t sequence = 0, index = 0;
  int parent = -1;
  std::size_t e = 0;
  for (std::size_t i = 0; i < statement.loops.size(); ++i) {
    const ProgramLoop& loop = program.loops[static_cast<std::size_t>(statement.loops[i])];
    sequence += offset_within(program, parent, index, loop.offset);
    const std::int64_t trip = loop.trip_at(index);
    index = 0;
    if (statement.guards[i] == Guard::every) {
      index = position[e++];
    } else if (statement.guards[i] == Guard::last) {
      index = trip - 1;
    }
    sequence += executions_before(program, statement.loops[i], index);
    parent = statement.loops[i];
  }
  return sequence + offset_within(program, parent, index, statement.body_offset);
}

std::int64_t instances_within_growing(const Program& program, const Statement& statement, std::int64_t executions) {
  // Instances in the first `iterations` iterations of path loop i, where the statement acts in every one of them.
  const auto instances = [&](std::size_t i, std::int64_t iterations) {
    std::int64_t count = iterations;
    for (std::size_t j = i + 1; j < statement.loops.size(); ++j) {
      if (statement.guards[j] != Guard::every) continue;
      const ProgramLoop& inner = program.loops[static_cast<std::size_t>(statement.loops[j])];
      if (inner.growth && j == i + 1) {
        count = inner.trips_before(iterations);
      } else if (inner.growth) {  // its parent lies inside, too: all of both
        const ProgramLoop& outer = program.loops[static_cast<std::size_t>(inner.parent)];
        count = count / outer.trip * inner.trips_before(outer.trip);
      } else {
        count *= inner.trip;
      }
    }
    return count;
  };
  std::int64_t count = 0, left = executions, index = 0;
  int parent = -1;
  for (std::size_t i = 0; i < statement.loops.size(); ++i) {
    const int l = statement.loops[i];
    const ProgramLoop& loop = program.loops[static_cast<std::size_t>(l)];
    left -= offset_within(program, parent, index, loop.offset);
    if (left <= 0) return count;
    const std::int64_t trip = loop.trip_at(index);
    std::int64_t low = 0, full = trip;  // the most iterations that lie inside `left`
    while (low < full) {
      const std::int64_t middle = low + (full - low + 1) / 2;
      if (executions_before(program, l, middle) <= left) {
        low = middle;
      } else {
        full = middle - 1;
      }
    }
    const Guard guard = statement.guards[i];
    if (guard == Guard::every) count += instances(i, full);
    if (guard == Guard::first && full >= 1) count += instances(i, 1);
    if (guard == Guard::last && full == trip) count += instances(i, 1);
    if (full == trip) return count;
    const bool enters =
        guard == Guard::every || (guard == Guard::first && full == 0) || (guard == Guard::last && full == trip - 1);
    if (!enters) return count;
    left -= executions_before(program, l, full);
    index = full;
    parent = l;
  }
  return left > offset_within(program, parent, index, statement.body_offset) ? count + 1 : count;
}

std::int64_t needed_in_growing(const Program& program, const Dependence& edge,
                               const std::vector<std::int64_t>& position) {
  const Statement& producer = program.statements[static_cast<std::size_t>(edge.producer)];
  const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
  std::vector<std::int64_t> from = position;
  if (edge.kind == DependenceKind::slot) {
    const Storage& storage = program.storages[static_cast<std::size_t>(edge.storage)];
    std::vector<std::int64_t> slot;
    for (std::size_t e = 0; e < position.size(); ++e) {
      if (std::find(storage.loops.begin(), storage.loops.end(), static_cast<int>(e)) != storage.loops.end()) {
        slot.push_back(position[e]);
      } else if (position[e] != 0) {
        return 0;  // updates a slot it already holds
      }
    }
    const LevelSpace slots(program, consumer, storage.loops);
    const std::int64_t wanted = slots.index(slot.data()) - edge.shift;
    if (wanted < 0) return 0;
    slots.digits(wanted, slot.data());
    for (std::size_t i = 0; i < slot.size(); ++i) from[static_cast<std::size_t>(storage.loops[i])] = slot[i];
  }
  const LevelSpace space(program, producer);
  std::vector<std::int64_t> digits(edge.index.size(), 0);
  for (std::size_t e = 0; e < edge.index.size(); ++e) {
    const IndexSource& source = edge.index[e];
    digits[e] = space.trip(e, digits.data()) - 1;
    if (source.consumer_loop == IndexSource::kFirst) {
      digits[e] = 0;
    } else if (source.consumer_loop >= 0) {
      const std::int64_t at = from[static_cast<std::size_t>(source.consumer_loop)] - source.distance;
      if (at < 0) return 0;
      digits[e] = std::min(at, digits[e]);
    }
  }
  return space.index(digits.data()) + 1;
}

}  // namespace einloom
