// SPDX-License-Identifier: Apache-2.0
// Arrays with a controller: instructions are accepted in program order, each by the next engine in turn. What an
// instruction waits for besides its engines, its first Einsum waits for on behalf of all.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

// The Einsums of one body, first and last.
struct Body {
  int first = -1, last = -1;
  std::vector<int> members;
};

std::vector<Body> bodies_of(const Program& program) {
  std::vector<Body> bodies;
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    if (statement.instruction.empty()) continue;
    const auto found = std::find_if(bodies.begin(), bodies.end(), [&](const Body& body) {
      const Statement& first = program.statements[static_cast<std::size_t>(body.first)];
      return first.array == statement.array && first.loops == statement.loops &&
             first.body_offset == statement.body_offset;
    });
    Body& body = found == bodies.end() ? bodies.emplace_back() : *found;
    if (body.first < 0) body.first = static_cast<int>(s);
    body.last = static_cast<int>(s);
    body.members.push_back(static_cast<int>(s));
  }
  return bodies;
}

Dependence engine_edge(int producer, int consumer, std::int64_t instructions, std::int64_t latency_cycles) {
  Dependence edge;
  edge.kind = DependenceKind::engine;
  edge.producer = producer;
  edge.consumer = consumer;
  edge.shift = instructions;
  edge.latency_cycles = latency_cycles;
  return edge;
}

// Moves and other arrays take time of their own; everything else has happened when the body's turn comes.
void wait_for_others(Program& program, const Body& body) {
  std::vector<Dependence> copies;
  for (const Dependence& edge : program.dependences) {
    const bool member = std::find(body.members.begin(), body.members.end(), edge.consumer) != body.members.end();
    if (!member || edge.consumer == body.first) continue;
    const int array = program.statements[static_cast<std::size_t>(body.first)].array;
    if (program.statements[static_cast<std::size_t>(edge.producer)].array == array) continue;
    copies.push_back(edge);
    copies.back().consumer = body.first;
    copies.back().on_behalf_of = edge.consumer;
  }
  program.dependences.insert(program.dependences.end(), copies.begin(), copies.end());
}

// Does `later` need, in the same iteration, what `earlier` computes?
bool needs(const Program& program, int later, int earlier, std::vector<char>& seen) {
  if (later == earlier) return true;
  if (seen[static_cast<std::size_t>(later)] != 0) return false;
  seen[static_cast<std::size_t>(later)] = 1;
  return std::any_of(program.dependences.begin(), program.dependences.end(), [&](const Dependence& edge) {
    return edge.consumer == later && edge.kind == DependenceKind::data && edge.aligned &&
           needs(program, edge.producer, earlier, seen);
  });
}

// An instruction is accepted when all of its operands are there; what another array makes of its own results is not.
void check_needs_nothing_of_itself(Lowering& lowering, const Body& body) {
  const Program& program = lowering.program;
  for (const Dependence& edge : program.dependences) {
    if (edge.kind != DependenceKind::data || !edge.aligned) continue;
    if (std::find(body.members.begin(), body.members.end(), edge.consumer) == body.members.end()) continue;
    const Statement& from = program.statements[static_cast<std::size_t>(edge.producer)];
    const Statement& reader = program.statements[static_cast<std::size_t>(edge.consumer)];
    if (from.kind != StatementKind::operation || from.array == reader.array) continue;
    const auto own = std::find_if(body.members.begin(), body.members.end(), [&](int member) {
      std::vector<char> seen(program.statements.size(), 0);
      return needs(program, edge.producer, member, seen);
    });
    if (own == body.members.end()) continue;
    lowering.diagnostics
        .error("instruction-needs-itself", reader.span,
               fmt::format("`{}` reads `{}`, which `{}` makes of `{}`; `{}` and `{}` are one instruction, which is "
                           "accepted when all of its operands are there",
                           reader.name, from.name, lowering.array(from.array).name,
                           program.statements[static_cast<std::size_t>(*own)].name,
                           program.statements[static_cast<std::size_t>(*own)].name, reader.name))
        .with_help(fmt::format("give `{}` a nest of its own", reader.name));
    return;
  }
}

}  // namespace

void connect_engines(Lowering& lowering) {
  Program& program = lowering.program;
  const std::vector<Body> bodies = bodies_of(program);
  for (const Body& body : bodies) {
    const Statement& first = program.statements[static_cast<std::size_t>(body.first)];
    const Controller& controller = *lowering.array(first.array).controller;
    check_needs_nothing_of_itself(lowering, body);
    wait_for_others(program, body);
    for (std::size_t i = 1; i < body.members.size(); ++i) {  // in the order of the body, all at one time
      program.dependences.push_back(engine_edge(body.members[i - 1], body.members[i], 0, 0));
      program.dependences.back().aligned = true;
    }
    const bool waits = controller.instructions.at(first.instruction).waits;
    for (const Body& earlier : bodies) {
      const Statement& last = program.statements[static_cast<std::size_t>(earlier.last)];
      if (last.array != first.array) continue;
      const std::int64_t until_idle = last.variants.front().tail_cycles;
      program.dependences.push_back(engine_edge(earlier.last, body.first, 1, waits ? until_idle : 0));
      if (!waits && controller.engines > 1) {
        program.dependences.push_back(engine_edge(earlier.last, body.first, controller.engines, until_idle));
      }
    }
  }
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
