// SPDX-License-Identifier: Apache-2.0
#include "sim/scoreboard.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"
#include "mappings/needed_instances.hpp"

namespace einloom {

Scoreboard::Scoreboard(const Program& program)
    : program_(program),
      heads_(program.statements.size()),
      histories_(program.statements.size()),
      incoming_(program.statements.size()),
      outgoing_(program.statements.size()),
      strides_(program.statements.size()),
      longest_latency_(program.statements.size(), 0),
      needs_(program.dependences.size(), 0),
      marked_(program.dependences.size(), 0),
      passed_(program.statements.size()) {
  for (std::size_t d = 0; d < program.dependences.size(); ++d) {
    const Dependence& edge = program.dependences[d];
    incoming_[static_cast<std::size_t>(edge.consumer)].push_back(static_cast<int>(d));
    outgoing_[static_cast<std::size_t>(edge.producer)].push_back(static_cast<int>(d));
    std::int64_t& longest = longest_latency_[static_cast<std::size_t>(edge.producer)];
    longest = std::max(longest, edge.latency_cycles);
  }
  for (const Dependence& edge : program.dependences) {
    freeing_.push_back(edge.kind == DependenceKind::slot ? freeing_of(edge) : Freeing{});
  }
  for (std::size_t s = 0; s < program.statements.size(); ++s) strides_[s] = strides_of(program.statements[s]);
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    heads_[s].position.assign(statement.trips.size(), 0);
    if (statement.mask) {
      heads_[s].index = statement.mask->find(heads_[s].position);
      histories_[s].expect_groups(heads_[s].index);
    }
    heads_[s].done = heads_[s].index == statement.instances;
    if (!heads_[s].done) prepare(static_cast<int>(s));
  }
}

void Scoreboard::expect_arrivals() {
  arrivals_.resize(program_.dependences.size());
  passed_on_way_.resize(program_.dependences.size());
  for (std::size_t d = 0; d < program_.dependences.size(); ++d) {
    const int producer = program_.dependences[d].producer;
    if (program_.statements[static_cast<std::size_t>(producer)].mask) arrivals_[d].expect_groups(head(producer).index);
  }
}

const Work& Scoreboard::work(int statement) const {
  return program_.statements[static_cast<std::size_t>(statement)].variants[head(statement).variant];
}

bool Scoreboard::all_done() const {
  return std::all_of(heads_.begin(), heads_.end(), [](const Head& head) { return head.done; });
}

void Scoreboard::prepare(int statement) {
  const auto s = static_cast<std::size_t>(statement);
  Head& head = heads_[s];
  head.iteration = program_.iteration_of(program_.statements[s], head.position);
  head.variant =
      program_.statements[s].partials.empty() ? 0 : program_.variant_at(program_.statements[s], head.position);
  head.unmet = 0;
  head.ready_at = kNotReady;
  head.met_last = -1;
  for (int d : incoming_[s]) {
    needs_[static_cast<std::size_t>(d)] = need_at(d, head.position, head.index, head.iteration);
  }
}

std::int64_t Scoreboard::need_at(int dependence, const std::vector<std::int64_t>& position, std::int64_t index,
                                 std::int64_t iteration) const {
  const Dependence& edge = program_.dependences[static_cast<std::size_t>(dependence)];
  return needed_instances(program_, edge, strides_[static_cast<std::size_t>(edge.producer)], position, index,
                          iteration);
}

void Scoreboard::advance(int statement) {
  const auto s = static_cast<std::size_t>(statement);
  const Statement& what = program_.statements[s];
  Head& head = heads_[s];
  ++head.index;
  if (what.mask) pass_over(statement);
  if (head.index == what.instances) {
    head.done = true;
    head.ready_at = kNotReady;
    head.met_last = -1;
    return;
  }
  for (std::size_t e = what.trips.size(); e-- > 0 && !what.mask;) {
    if (++head.position[e] < (program_.grows ? trip_in_growing(what, head.position, e) : what.trips[e])) break;
    head.position[e] = 0;
  }
  prepare(statement);
}

bool Scoreboard::acquires(const Storage& storage) const {
  return Program::takes_slot(storage, heads_[static_cast<std::size_t>(storage.producer)].position);
}

// Tiles without points are nobody's turn: the head moves on to the next one that has some.
void Scoreboard::pass_over(int statement) {
  const Statement& what = program_.statements[static_cast<std::size_t>(statement)];
  Head& head = heads_[static_cast<std::size_t>(statement)];
  head.before = head.position;
  std::int64_t passed = 0;
  if (head.index < what.instances) {
    for (std::size_t e = what.trips.size(); e-- > 0;) {
      if (++head.position[e] < what.trips[e]) break;
      head.position[e] = 0;
    }
    passed = what.mask->find(head.position);
  }
  head.index += passed;
  passed_[static_cast<std::size_t>(statement)].push_back(passed);
  if (arrivals_.empty()) return;
  for (int d : outgoing(statement)) passed_on_way_[static_cast<std::size_t>(d)].push_back(passed);
}

bool Scoreboard::begins(int statement, std::size_t level) const {
  const Head& head = heads_[static_cast<std::size_t>(statement)];
  if (program_.statements[static_cast<std::size_t>(statement)].mask) {
    return head.before.empty() ||
           !std::equal(head.before.begin(), head.before.begin() + static_cast<std::ptrdiff_t>(level) + 1,
                       head.position.begin());
  }
  return std::all_of(head.position.begin() + static_cast<std::ptrdiff_t>(level) + 1, head.position.end(),
                     [](std::int64_t index) { return index == 0; });
}

std::int64_t Scoreboard::slots_freed(const Dependence& slot_edge, std::int64_t instances) const {
  const std::int64_t freed = all_slots_freed(slot_edge, instances);
  const Storage& storage = program_.storages[static_cast<std::size_t>(slot_edge.storage)];
  return storage.mask ? storage.mask->count_before(freed) : freed;
}

Scoreboard::Freeing Scoreboard::freeing_of(const Dependence& slot_edge) const {
  const Storage& storage = program_.storages[static_cast<std::size_t>(slot_edge.storage)];
  const Statement& acquirer = program_.statements[static_cast<std::size_t>(storage.producer)];
  const auto& index = slot_edge.index;
  Freeing freeing{std::vector<char>(index.size(), 0), 1};
  bool in_order = true;  // the reader has all loops of the storage so far, in their order
  auto from = index.begin();
  for (const int loop : storage.loops) {
    const auto found =
        std::find_if(from, index.end(), [&](const IndexSource& source) { return source.consumer_loop == loop; });
    const std::int64_t trip = acquirer.trips[static_cast<std::size_t>(loop)];
    in_order = in_order && (found != index.end() || trip == 1);
    if (in_order && found != index.end()) {
      freeing.counts[static_cast<std::size_t>(found - index.begin())] = 1;
      from = found + 1;
    } else {
      freeing.at_once *= trip;
    }
  }
  return freeing;
}

std::int64_t Scoreboard::all_slots_freed(const Dependence& slot_edge, std::int64_t instances) const {
  const auto r = static_cast<std::size_t>(slot_edge.producer);
  const Statement& reader = program_.statements[r];
  if (program_.grows) return freed_in_growing(slot_edge, instances);
  const Freeing& freeing = freeing_[static_cast<std::size_t>(&slot_edge - program_.dependences.data())];
  const bool all = instances >= reader.instances;
  std::int64_t freed = all ? 1 : 0;
  std::int64_t left = instances;
  bool counting = !all;  // a later pass over the same slots has still to come: nothing below frees any
  for (std::size_t e = 0; e < reader.trips.size(); ++e) {
    const bool indexes = freeing.counts[e] != 0;
    const std::int64_t index = left / strides_[r][e];
    left -= index * strides_[r][e];
    if (indexes) {
      // A state is read once more, `-distance` iterations after the one that wrote it.
      const std::int64_t behind = index + slot_edge.index[e].distance;
      counting = counting && behind >= 0;
      freed = freed * reader.trips[e] + (counting ? behind : 0);
    } else if (index < reader.trips[e] - 1) {
      counting = false;
    }
  }
  return freed * freeing.at_once;
}

void Scoreboard::skip(int statement, std::size_t level, std::int64_t steps, std::int64_t instances) {
  Head& head = heads_[static_cast<std::size_t>(statement)];
  const std::int64_t ready_at = head.ready_at;
  const int met_last = head.met_last;
  head.index += instances;
  head.position[level] += steps;
  if (!head.before.empty()) head.before[level] += steps;
  prepare(statement);
  head.ready_at = ready_at;
  head.met_last = met_last;
}

void Scoreboard::shift_time(int statement, std::int64_t instances, std::int64_t cycles) {
  histories_[static_cast<std::size_t>(statement)].shift(instances, cycles);
  std::int64_t& ready_at = heads_[static_cast<std::size_t>(statement)].ready_at;
  if (ready_at != kNotReady) ready_at += cycles;
}

}  // namespace einloom
