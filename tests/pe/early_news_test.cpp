// SPDX-License-Identifier: Apache-2.0
// Not at t - 1: whatever an operation or a store waits for, if the news of it came one cycle early, some PE would lack
// a value, unless something else held the operation back anyway.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <utility>

#include "base/diagnostic.hpp"
#include "pe/random_case.hpp"
#include "sim/pe_level/pe_machine.hpp"
#include "sim/pe_level/pe_values.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

using Starts = std::map<std::pair<int, std::int64_t>, std::int64_t>;

TensorStore<double> random_dram(const Cascade& cascade, const Shape& shape) {
  TensorStore<double> dram = make_store<double>(cascade, shape, std::nan(""));
  std::mt19937_64 random(5);
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    Tensor<double>& values = dram.at(tensor.name);
    for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<double>(random() % 1000) / 500 - 1;
  }
  return dram;
}

Starts run(const Program& program, const Machine& machine, const Cascade& cascade, int hurried) {
  RunState state(program, machine);
  PeValues<double> values(program, machine, cascade, Dtype::fp64, random_dram(cascade, program.shape));
  Starts starts;
  const StartObserver observer = [&](int statement, std::int64_t index, std::int64_t start, std::int64_t) {
    starts[{statement, index}] = start;
  };
  static_cast<void>(run_pe_machine(state, cascade, observer, &values, hurried));
  return starts;
}

// An operation waits for the whole of a result, also where it takes the values one after another.
bool takes_it_in_steps(const Program& program, const Cascade& cascade, const Dependence& edge) {
  const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
  if (consumer.kind != StatementKind::operation) return false;
  const Einsum& einsum = cascade.einsums()[static_cast<std::size_t>(consumer.einsum)];
  for (const Access* access : einsum.reads()) {
    if (access->tensor != program.tensors[static_cast<std::size_t>(edge.tensor)]) continue;
    for (const Place& place : consumer.places) {
      const std::string& variable = consumer.box[static_cast<std::size_t>(place.dimension)].variable;
      for (const IndexExpression& index : access->indices) {
        const std::vector<std::string> variables = index.variables();
        const bool mentions = std::find(variables.begin(), variables.end(), variable) != variables.end();
        if (place.axis == Place::Axis::time && place.extent > 1 && mentions) return true;
      }
    }
  }
  return false;
}

// News of what some of the PEs computed takes as long as that of what all of them did.
bool leaves_pes_idle(const Program& program, const Machine& machine, int statement) {
  const Statement& what = program.statements[static_cast<std::size_t>(statement)];
  return what.array >= 0 && what.variants.front().pes < machine.arrays[static_cast<std::size_t>(what.array)].pes();
}

struct Tally {
  int needed = 0, not_binding = 0, whole_tile = 0;
};

void hurry_each(const std::string& name, const Overrides& more, std::int64_t rows, std::int64_t columns, Tally& tally) {
  const Plan plan = plan_of(name, more);
  const Cascade cascade = cascade_for(plan);
  const Machine machine = machine_of(plan.machine.text, {{"components.array2d.rows", std::to_string(rows)},
                                                         {"components.array2d.columns", std::to_string(columns)},
                                                         {"components.array1d.columns", std::to_string(columns)},
                                                         {"components.stream_buffer.latency", "2 cycles"},
                                                         {"links.6.latency", "2 cycles"},
                                                         {"links.7.latency", "2 cycles"}});
  // Whole tiles: the news of a smaller one takes as long as that of a whole one.
  AttentionShape attention{1, 1, 2 * columns, 3 * rows, std::min(rows, columns), std::min(rows, columns)};
  Shape shape = attention.shape();
  if (plan.cascade.text == "matmul") {
    shape = Shape();
    for (const auto& [rank, extent] : {std::pair{"T", 2 * rows}, {"N", 2 * columns}, {"K", 5L}})
      shape.set(rank, extent);
  }
  const Program program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
  const std::vector<Observation> seen = observations(program, machine, cascade);
  const Starts starts = run(program, machine, cascade, -1);
  for (std::size_t d = 0; d < program.dependences.size(); ++d) {
    const Dependence& edge = program.dependences[d];
    const bool move = program.statements[static_cast<std::size_t>(edge.producer)].kind != StatementKind::operation;
    if (edge.kind != DependenceKind::data || (!move && seen[d].delay_cycles == 0)) continue;
    INFO(name << ": " << program.statements[static_cast<std::size_t>(edge.producer)].name << " -> "
              << program.statements[static_cast<std::size_t>(edge.consumer)].name);
    try {
      const Starts hurried = run(program, machine, cascade, static_cast<int>(d));
      const bool whole_tile =
          takes_it_in_steps(program, cascade, edge) || leaves_pes_idle(program, machine, edge.producer);
      CHECK((hurried == starts || whole_tile));
      ++(hurried == starts ? tally.not_binding : tally.whole_tile);
    } catch (const InternalError& error) {
      const std::string text = error.what();
      CHECK((text.find(" lacks ") != std::string::npos || text.find(" starts before ") != std::string::npos));
      ++tally.needed;
    }
  }
}

}  // namespace

TEST_CASE("nothing could start a cycle earlier") {
  for (const std::string& name : plans_without_controller()) {
    Tally tally;
    for (const auto& [rows, columns] : {std::pair{3L, 3L}, {2L, 4L}, {4L, 4L}}) {
      for (const char* in_flight : {"1", "2", "4"}) hurry_each(name, {{"in_flight", in_flight}}, rows, columns, tally);
    }
    fmt::print("{}: {} dependences needed to the cycle, {} for the sake of whole tiles, {} not binding\n", name,
               tally.needed, tally.whole_tile, tally.not_binding);
    CHECK(tally.needed > 0);
  }
}
