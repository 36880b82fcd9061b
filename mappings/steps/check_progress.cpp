// SPDX-License-Identifier: Apache-2.0
// Slots and iterations in flight are enough for the plan's own order: where instances wait for each other in a circle,
// the numbers that close it are too small. check_capacities has found the simple cases before, without looking at them.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"
#include "mappings/untimed_run.hpp"
#include "mappings/wait_text.hpp"

namespace einloom {
namespace {

constexpr int kInFlight = -1;

// A number of the plan that lets a circle close: the slots of a storage, or kInFlight.
struct Knob {
  int storage = kInFlight;
  std::int64_t had = 0;
  std::vector<Wait> circle;
};

void set(Program& program, int storage, std::int64_t value) {
  const auto turns = [&](std::size_t i) {
    return storage == kInFlight ? program.storages[i].memory < 0 : static_cast<int>(i) == storage;
  };
  if (storage == kInFlight) program.in_flight = value;
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    if (turns(i)) program.storages[i].slots = value;
  }
  for (Dependence& edge : program.dependences) {
    const bool slot = edge.kind == DependenceKind::slot && turns(static_cast<std::size_t>(edge.storage));
    const bool iteration = edge.kind == DependenceKind::iteration && storage == kInFlight;
    if (slot || iteration) edge.shift = value;
  }
}

std::int64_t value_of(const Program& program, int storage) {
  return storage == kInFlight ? program.in_flight : program.storages[static_cast<std::size_t>(storage)].slots;
}

// A value with which this knob never holds anything back.
std::int64_t plenty(const Program& program, int storage) {
  if (storage == kInFlight) return std::max(program.iterations, program.in_flight);
  const Storage& what = program.storages[static_cast<std::size_t>(storage)];
  return std::max(program.statements[static_cast<std::size_t>(what.producer)].instances, what.slots);
}

// The knobs of a circle: slots in memories first, since these are what the plan says of a tensor.
std::vector<int> knobs_of(const Program& program, const std::vector<Wait>& circle) {
  std::vector<int> knobs;
  bool in_flight = false;
  for (const Wait& wait : circle) {
    const Dependence& edge = program.dependences[static_cast<std::size_t>(wait.dependence)];
    if (edge.kind == DependenceKind::data) continue;
    const bool of_memory =
        edge.kind == DependenceKind::slot && program.storages[static_cast<std::size_t>(edge.storage)].memory >= 0;
    if (of_memory) {
      knobs.push_back(edge.storage);
    } else {
      in_flight = true;
    }
  }
  if (in_flight) knobs.push_back(kInFlight);
  return knobs;
}

// Opens every circle; empty when there is none, or one that no knob opens (which the simulation reports).
std::vector<Knob> find_knobs(Program& program) {
  std::vector<Knob> turned;
  while (true) {
    std::vector<Wait> circle = find_circle(program);
    if (circle.empty()) return turned;
    int next = kInFlight;
    bool found = false;
    for (int knob : knobs_of(program, circle)) {
      if (value_of(program, knob) >= plenty(program, knob)) continue;
      next = knob;
      found = true;
      break;
    }
    if (!found) return {};
    turned.push_back({next, value_of(program, next), std::move(circle)});
    set(program, next, plenty(program, next));
  }
}

// The smallest value that keeps the program going, all other knobs as they are.
std::int64_t enough(Program& program, const Knob& knob) {
  std::int64_t too_few = knob.had, good = value_of(program, knob.storage);
  while (good - too_few > 1) {
    const std::int64_t middle = too_few + (good - too_few) / 2;
    set(program, knob.storage, middle);
    (find_circle(program).empty() ? good : too_few) = middle;
  }
  set(program, knob.storage, good);
  return good;
}

void report(Lowering& lowering, const Knob& knob, std::int64_t needed) {
  const Program& program = lowering.program;
  const auto count = [](std::int64_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  Diagnostic diagnostic;
  diagnostic.code = "slots-too-few";
  if (knob.storage != kInFlight) {
    const Storage& storage = program.storages[static_cast<std::size_t>(knob.storage)];
    const Keep& keep = *keep_of(lowering, storage);
    diagnostic.span = keep.slots ? keep.slots->span() : keep.span;
    diagnostic.message = fmt::format("`{}` has {} in `{}`; the plan's own order needs {}, with fewer it blocks itself",
                                     program.tensors[static_cast<std::size_t>(storage.tensor)], count(knob.had, "slot"),
                                     keep.memory.text, needed);
    diagnostic.with_help(fmt::format("give it at least {}, or reorder the nests", count(needed, "slot")));
  } else {
    const Statement& first = program.statements[static_cast<std::size_t>(knob.circle.front().statement)];
    diagnostic.span = lowering.plan.in_flight ? lowering.plan.in_flight->span() : first.span;
    diagnostic.message = fmt::format("{} may be in flight; the plan's own order needs {}, with fewer it blocks itself",
                                     count(knob.had, "iteration"), needed);
    diagnostic.with_help(
        fmt::format("let at least {} be in flight, or keep the tensors named above in a memory", needed));
  }
  for (const Wait& wait : knob.circle) {
    diagnostic.note(
        fmt::format("{} waits for {}",
                    instance_text(program, program.statements[static_cast<std::size_t>(wait.statement)], wait.position),
                    wait_text(program, program.dependences[static_cast<std::size_t>(wait.dependence)])));
  }
  lowering.diagnostics.add(diagnostic);
}

}  // namespace

void check_progress(Lowering& lowering) {
  if (lowering.program.grows) return;  // the untimed run counts with fixed trips; the simulation reports a deadlock
  if (find_circle(lowering.program).empty()) return;
  Program trial = lowering.program;
  for (const Knob& knob : find_knobs(trial)) report(lowering, knob, enough(trial, knob));
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
