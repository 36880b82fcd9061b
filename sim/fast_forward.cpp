// SPDX-License-Identifier: Apache-2.0
#include "sim/fast_forward.hpp"

#include <algorithm>
#include <map>

#include "base/diagnostic.hpp"
#include "sim/banked_bus.hpp"

namespace einloom {
namespace {

constexpr std::size_t kMostSnapshots = 1024;
constexpr int kStands = -1;
// Where data says which tiles are passed over, a loop may never repeat: after so many iterations that were compared in
// vain, of the next ones only these many in each stretch are compared.
constexpr std::int64_t kPatience = 512, kStretch = 8192;

std::uint64_t hash_of(const std::vector<std::int64_t>& values) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (std::int64_t value : values) hash = (hash ^ static_cast<std::uint64_t>(value)) * 1099511628211ULL;
  return hash;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

FastForward::FastForward(RunState& run, std::vector<ArrayUnit*> arrays, ChannelUnit& channel)
    : run_(run),
      arrays_(std::move(arrays)),
      channel_(channel),
      margins_(run.program.loops.size(), 1),
      trails_(run.program.loops.size()),
      in_vain_(run.program.loops.size(), 0),
      anchor_(run.program.loops.size(), -1) {
  for (std::size_t s = 0; s < run.anchored.size(); ++s) {
    for (int loop : run.anchored[s]) anchor_[static_cast<std::size_t>(loop)] = static_cast<int>(s);
  }
  std::size_t offset = 0;
  for (const Statement& statement : run.program.statements) {
    offsets_.push_back(offset);
    offset += statement.effective.size();
  }
  for (const Dependence& edge : run.program.dependences) {
    const Statement& consumer = run.program.statements[static_cast<std::size_t>(edge.consumer)];
    std::int64_t inside = 1;  // slots (or body executions) per iteration of the loop
    for (std::size_t e = consumer.effective.size(); e-- > 0;) {
      const int loop = consumer.loops[static_cast<std::size_t>(consumer.effective[e])];
      const auto l = static_cast<std::size_t>(loop);
      std::int64_t reach = 0;
      if (edge.kind == DependenceKind::data) {
        for (const IndexSource& source : edge.index) {
          if (source.consumer_loop == static_cast<int>(e)) reach = std::max(reach, source.distance);
        }
      } else if (edge.kind == DependenceKind::iteration || edge.kind == DependenceKind::engine) {
        const std::int64_t volume = run.program.loops[l].volume;
        const std::int64_t whole = volume * consumer.trips[e];
        reach = ceil_div(run.program.loops[l].growth ? edge.shift : edge.shift % whole, volume);
      } else {
        const auto& slots = run.program.storages[static_cast<std::size_t>(edge.storage)].loops;
        if (std::find(slots.begin(), slots.end(), static_cast<int>(e)) != slots.end()) {
          const std::int64_t whole = inside * consumer.trips[e];
          reach = ceil_div(run.program.loops[l].growth ? edge.shift : edge.shift % whole, inside);
          const int child = run.program.growing_child(loop);
          const auto c = static_cast<std::size_t>(std::max(child, 0));
          // A growing loop has been counted with all its trips.
          inside = child < 0 || inside % run.program.loops[c].trip != 0
                       ? whole
                       : inside / run.program.loops[c].trip * run.program.loops[c].trips_before(consumer.trips[e]);
        }
      }
      margins_[l] = std::max(margins_[l], reach);
    }
  }
}

void FastForward::watch() {
  for (std::size_t loop = 0; loop < margins_.size(); ++loop) {
    // Iterations of a loop are unlike each other when one inside it grows.
    if (run_.program.growing_child(static_cast<int>(loop)) >= 0) continue;
    if (run_.program.loops[loop].trip >= 4) run_.watched_from[loop] = margins_[loop] - 1;
  }
}

int FastForward::level_of(int statement, int loop) const {
  const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
  for (std::size_t e = 0; e < what.effective.size(); ++e) {
    if (what.loops[static_cast<std::size_t>(what.effective[e])] == loop) return static_cast<int>(e);
  }
  return -1;
}

bool FastForward::ends_evenly(const Statement& statement, std::size_t level) const {
  for (const PartialExtent& partial : statement.partials) {
    for (int loop : partial.loops) {
      if (loop == statement.effective[level]) return false;
    }
  }
  return true;
}

void FastForward::take(std::int64_t now, Snapshot& shot) {
  shot.now = now;
  shot.signature.clear();
  shot.index.clear();
  shot.position.clear();
  const std::size_t statements = run_.program.statements.size();
  for (std::size_t s = 0; s < statements; ++s) {
    run_.board.forget(static_cast<int>(s), now);
    const Head& head = run_.board.head(static_cast<int>(s));
    const History& history = run_.board.history(static_cast<int>(s));
    shot.index.push_back(head.index);
    shot.position.insert(shot.position.end(), head.position.begin(), head.position.end());
    shot.signature.push_back(head.done ? 1 : 0);
    shot.signature.push_back(head.ready_at == kNotReady ? kNotReady : head.ready_at - now);
    shot.signature.push_back(head.met_last);
    shot.signature.push_back(history.size() - history.first());
    history.for_each([&](std::int64_t time, std::int64_t instances) {
      shot.signature.push_back(time - now);
      if (run_.program.skips) shot.signature.push_back(instances);
    });
    if (run_.program.skips) {
      const auto& passed = run_.board.passed(static_cast<int>(s));
      shot.signature.insert(shot.signature.end(), passed.begin(), passed.end());
    }
  }
  shot.free_at.clear();
  for (const ArrayUnit* array : arrays_) {
    // How long an array has been idle decides nothing but what its next start is charged; see periods().
    shot.signature.push_back(array->free_at() <= now ? -kNever : array->free_at() - now);
    shot.signature.push_back(array->has_started() ? 1 : 0);
    shot.free_at.push_back(array->free_at());
  }
  shot.signature.push_back(std::max(channel_.free_tick() - now * kTicksPerCycle, -kTicksPerCycle));
  shot.signature.push_back(static_cast<std::int64_t>(channel_.last_granted()));
  for (std::int64_t left : channel_.bytes_left()) shot.signature.push_back(left);
  for (PortQueue& port : run_.ports) shot.signature.push_back(port.waiting(now));
  if (BankedBus* banked = channel_.banked()) banked->append_state(now, shot.signature);
  shot.counters = run_.counters.values();
}

std::int64_t FastForward::periods(const Snapshot& then, const Snapshot& current, Motion& motion) const {
  const std::size_t statements = run_.program.statements.size();
  motion.level.assign(statements, kStands);
  motion.steps.assign(statements, 0);
  std::map<int, std::int64_t> steps;  // by loop: what moves along it moves alike
  std::int64_t most = kNever;
  for (std::size_t s = 0; s < statements; ++s) {
    if (current.index[s] == then.index[s]) continue;
    const Statement& what = run_.program.statements[s];
    if (run_.board.head(static_cast<int>(s)).done) return 0;
    int level = kStands;
    for (std::size_t e = 0; e < what.effective.size(); ++e) {
      if (position(current, s, e) == position(then, s, e)) continue;
      if (level != kStands) return 0;
      level = static_cast<int>(e);
    }
    if (level == kStands) return 0;
    const auto l = static_cast<std::size_t>(level);
    const BankedBus* banked = channel_.banked();
    if (banked != nullptr && !banked->repeats(static_cast<int>(s), l)) return 0;
    const std::int64_t own = position(current, s, l) - position(then, s, l);
    const int loop = loop_of(s, l);
    const auto [known, fresh] = steps.emplace(loop, own);
    if (own <= 0 || (!fresh && known->second != own)) return 0;
    motion.level[s] = level;
    motion.steps[s] = own;
    if (position(then, s, l) < margin(loop)) return 0;
    std::int64_t trip = what.trips[l];
    if (run_.program.loops[static_cast<std::size_t>(loop)].growth) {
      trip = run_.program.loops[static_cast<std::size_t>(loop)].trip_at(position(current, s, l - 1));
    }
    std::int64_t last_ones = ends_evenly(what, l) ? 1 : 2;
    if (what.mask && what.mask->is_masked(l)) {
      // Only among tiles in a row that all have points, whatever stands inside the loop.
      if (what.mask->levels().back() != level) return 0;
      std::vector<std::int64_t> here(what.trips.size());
      for (std::size_t e = 0; e < here.size(); ++e) here[e] = position(current, s, e);
      TileMask::Run run = what.mask->run_along(l, here);
      for (const Storage& storage : run_.program.storages) {  // … and that all take slots, or none of them does
        if (storage.producer != static_cast<int>(s) || !storage.firsts) continue;
        const TileMask::Run alike = storage.firsts->run_along(l, here);
        run = {std::max(run.first, alike.first), std::min(run.last, alike.last)};
      }
      if (position(then, s, l) < run.first + margin(loop)) return 0;
      trip = run.last;
      last_ones = 2;
    }
    const std::int64_t limit = trip - last_ones;
    most = std::min(most, (limit - position(current, s, l)) / own);
  }
  if (steps.empty() || most <= 0) return 0;
  // Nests side by side may each repeat along a loop of its own; which of them is older stays as it is.
  for (const auto& [loop, own] : steps) {
    for (int around = run_.program.loops[static_cast<std::size_t>(loop)].parent; around >= 0;
         around = run_.program.loops[static_cast<std::size_t>(around)].parent) {
      if (steps.count(around) != 0) return 0;
    }
  }
  for (std::size_t a = 0; a < arrays_.size(); ++a) {
    if (!rests(then, current, a) && current.free_at[a] - then.free_at[a] != current.now - then.now) return 0;
  }
  return limit_by_dependences(motion, then, current, most);
}

std::int64_t FastForward::limit_by_dependences(const Motion& motion, const Snapshot& then, const Snapshot& current,
                                               std::int64_t periods) const {
  for (std::size_t d = 0; d < run_.program.dependences.size() && periods > 0; ++d) {
    const Dependence& edge = run_.program.dependences[d];
    const auto p = static_cast<std::size_t>(edge.producer);
    const auto c = static_cast<std::size_t>(edge.consumer);
    const bool p_moves = motion.level[p] != kStands, c_moves = motion.level[c] != kStands;
    const bool together =
        p_moves && c_moves &&
        loop_of(p, static_cast<std::size_t>(motion.level[p])) == loop_of(c, static_cast<std::size_t>(motion.level[c]));
    if (together || (!p_moves && !c_moves)) continue;
    const Head& head = run_.board.head(edge.consumer);
    if (!c_moves) {
      // A consumer that stands still must go on waiting: the producer must not reach what it needs.
      if (head.done || run_.board.need(static_cast<int>(d)) <= run_.board.history(edge.producer).size()) continue;
      const std::int64_t per_period = current.index[p] - then.index[p];
      periods = std::min(periods, (run_.board.need(static_cast<int>(d)) - 1 - current.index[p]) / per_period);
      continue;
    }
    // A producer that stands still, or moves along another loop, must have done already all that the moving consumer
    // will ask for; of one that moves, what counts has ended long ago.
    const History& history = run_.board.history(edge.producer);
    const std::int64_t ended = p_moves ? history.first() : history.size();
    const std::int64_t per_period = current.index[c] - then.index[c];
    const Statement& what = run_.program.statements[c];
    const auto enough = [&](std::int64_t k) {
      std::vector<std::int64_t> position = head.position;
      position[static_cast<std::size_t>(motion.level[c])] += k * motion.steps[c];
      const std::int64_t index = current.index[c] + k * per_period;
      return run_.board.need_at(static_cast<int>(d), position, index, run_.program.iteration_of(what, position)) <=
             ended;
    };
    if (p_moves && !enough(0)) return 0;
    std::int64_t low = 0, high = periods;
    while (low < high) {
      const std::int64_t middle = low + (high - low + 1) / 2;
      if (enough(middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    periods = low;
  }
  // A consumer that stands still although nothing holds it back is only outranked: its turn will come.
  for (std::size_t s = 0; s < motion.level.size(); ++s) {
    const Head& head = run_.board.head(static_cast<int>(s));
    if (motion.level[s] != kStands || head.done) continue;
    bool waits = false;
    for (int d : run_.board.incoming(static_cast<int>(s))) {
      waits = waits || run_.board.need(d) >
                           run_.board.history(run_.program.dependences[static_cast<std::size_t>(d)].producer).size();
    }
    if (!waits) return 0;
  }
  return std::max<std::int64_t>(0, periods);
}

std::int64_t FastForward::skip(const Motion& motion, const Snapshot& then, const Snapshot& current,
                               std::int64_t periods) {
  const std::int64_t cycles = periods * (current.now - then.now);
  std::vector<std::int64_t> skipped(run_.program.statements.size(), 0);
  for (std::size_t s = 0; s < skipped.size(); ++s) {
    skipped[s] = periods * (current.index[s] - then.index[s]);
    run_.board.shift_time(static_cast<int>(s), skipped[s], cycles);
  }
  for (std::size_t s = 0; s < skipped.size(); ++s) {
    if (skipped[s] == 0) continue;
    run_.board.skip(static_cast<int>(s), static_cast<std::size_t>(motion.level[s]), periods * motion.steps[s],
                    skipped[s]);
  }
  run_.counters.repeat(then.counters, periods);
  run_.occupancy.skip(run_.board, skipped);
  for (std::size_t a = 0; a < arrays_.size(); ++a) {
    if (!rests(then, current, a)) arrays_[a]->shift_time(cycles);
  }
  channel_.shift_time(cycles);
  for (PortQueue& port : run_.ports) port.shift_time(cycles);
  run_.end_of_run += cycles;
  run_.busy_until += cycles;
  return cycles;
}

std::int64_t FastForward::consider(const std::vector<int>& loops, std::int64_t now) {
  bool taken = false;
  for (int loop : loops) {
    const int anchor = anchor_[static_cast<std::size_t>(loop)];
    const Statement& what = run_.program.statements[static_cast<std::size_t>(anchor)];
    const auto level = static_cast<std::size_t>(level_of(anchor, loop));
    const std::vector<std::int64_t>& at = run_.board.head(anchor).position;
    // Too early to compare with, or too late to skip anything.
    if (at[level] < margin(loop) || at[level] >= what.trips[level] - 1) continue;
    std::int64_t& vain = in_vain_[static_cast<std::size_t>(loop)];
    if (!run_.program.deciding.empty() && vain++ % kStretch >= kPatience) continue;
    Trail& trail = trails_[static_cast<std::size_t>(loop)];
    const auto level_end = at.begin() + static_cast<std::ptrdiff_t>(level);
    if (!std::equal(trail.outer.begin(), trail.outer.end(), at.begin(), level_end) || trail.used >= kMostSnapshots) {
      trail.outer.assign(at.begin(), level_end);
      trail.clear();
    }
    if (!taken) take(now, current_);
    taken = true;
    const std::uint64_t hash = hash_of(current_.signature);
    for (std::size_t i = trail.used; i-- > 0;) {  // the latest match has the shortest period
      if (trail.hashes[i] != hash || trail.snapshots[i].signature != current_.signature) continue;
      std::int64_t count = periods(trail.snapshots[i], current_, motion_);
      if (count == 0) continue;
      // Where memories fill up, the last period holds most: it is stepped, so that the peak is seen.
      const Snapshot& then = trail.snapshots[i];
      if (run_.occupancy.grows(run_.board, run_.counters, {then.index, then.counters},
                               {current_.index, current_.counters}) &&
          --count == 0) {
        continue;
      }
      vain = 0;
      const std::int64_t cycles = skip(motion_, trail.snapshots[i], current_, count);
      for (int inner : loops) trails_[static_cast<std::size_t>(inner)].clear();
      for (std::size_t s = 0; s < motion_.level.size(); ++s) {
        if (motion_.level[s] == kStands) continue;
        trails_[static_cast<std::size_t>(loop_of(s, static_cast<std::size_t>(motion_.level[s])))].clear();
      }
      return cycles;
    }
    if (trail.used == trail.snapshots.size()) trail.snapshots.emplace_back();
    trail.snapshots[trail.used++] = current_;
    trail.hashes.push_back(hash);
  }
  return 0;
}

}  // namespace einloom
