// SPDX-License-Identifier: Apache-2.0
// Arrays with a controller: what PEs do inside instructions fits the controller's table, takes its values from
// neighbours, and gives the evaluator's results; and instructions are accepted when the tile level says.
#include <map>

#include "pe/compare.hpp"
#include "pe/seeded.hpp"
#include "sim/pe_level/instruction_schedule.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct FsaCase {
  Machine machine;
  Plan plan;
  Shape shape;
};

FsaCase random_fsa(Seeded& random, const std::string& plan) {
  const std::int64_t rows = random.between(1, 16), columns = random.chance(3) ? rows : random.between(1, 16);
  FsaCase what;
  what.machine = machine_of(
      "fsa", {{"parameters.rows", std::to_string(rows)},
              {"parameters.columns", std::to_string(columns)},
              {"parameters.pieces", random.text(1, 9)},
              {"parameters.reciprocal", random.text(1, 20)},
              {"parameters.engines", random.text(1, 4)},
              {"parameters.element_bytes", "8"},
              {"parameters.sum_bytes", "8"},
              {"components.dram.bandwidth", random.among<std::string>({"1 GB/s", "5 GB/s", "90 GB/s", "1000 GB/s"})},
              {"components.dram.latency", random.text(0, 200) + " cycles"}});
  Overrides slots;
  for (const char* tensor : {"Q", "K", "V"}) {
    if (random.chance(2)) slots.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(1, 2));
  }
  what.plan = plan_of(plan, slots);
  what.shape.set("B", random.between(1, 2));
  what.shape.set("H", random.between(1, 2));
  what.shape.set("P", random.between(1, 4 * columns));
  what.shape.set("M", random.between(1, 4 * rows));
  what.shape.set("E", random.between(1, rows));
  what.shape.set("F", random.between(1, rows));
  return what;
}

void check_fsa(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string name : {"fsa__fsa__flash", "fsa__fsa__flash_causal"}) {
    Tally times;
    ValueTally values;
    const Cascade cascade = cascade_for(plan_of(name));
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      Seeded random(seed * 911);
      const FsaCase what = random_fsa(random, name);
      INFO(name << " seed " << seed << " " << what.machine.arrays[0].rows << " x " << what.machine.arrays[0].columns);
      std::optional<Program> program;
      try {
        program = lower(cascade, what.machine, what.plan, what.shape, Dtype::fp64, {});
      } catch (const UserError& error) {
        WARN(error.what());
        ++times.refused;
        continue;
      }
      compare_levels(*program, what.machine, cascade, times);
      check_pe_values(cascade, what.machine, what.plan, what.shape, seed, values);
    }
    print(name, times);
    print(name, values);
    CHECK(times.compared > static_cast<std::int64_t>(cases) * 9 / 10);
    CHECK(values.compared == times.compared);
  }
}

// An array whose table leaves time enough for anything, and an ordinary one beside it.
Machine with_side_array(Seeded& random, std::int64_t rows, std::int64_t columns) {
  const std::string operations =
      "{mac: 1, add: 1, max: 1, sub: {issue_cycles: 1, actions: {add: 1}}, mul: {issue_cycles: 1, actions: {mac: 1}}, "
      "exp: {issue_cycles: 3, actions: {mac: 3}}, div: {issue_cycles: 2, actions: {divide: 1}}}";
  return load_machine(parse_yaml(source_from_text(
                          "machine.yaml", fmt::format(R"(machine: fsa
technology: 45nm_fusemax
clock: 1 GHz
components:
  dram: {{kind: dram, bandwidth: {} GB/s, latency: {} cycles, access_width: 8 B, energy: dram}}
  scratchpad: {{kind: buffer, capacity: 1 MiB, access_width: 64 B, latency: {} cycles, ports: 4, energy: uncharged}}
  accumulator: {{kind: buffer, capacity: 1 MiB, access_width: 64 B, latency: {} cycles, ports: 4, energy: uncharged}}
  array:
    kind: pe_array
    rows: {}
    columns: {}
    pe: pe2d_fusemax
    operations: {}
    controller: {{engines: {}, instructions: {{go: {{next: {}, busy: {}}}}}}}
  side: {{kind: pe_array, rows: {}, columns: {}, pe: pe2d_fusemax, operations: {}}}
links:
  - {{between: [dram, scratchpad]}}
  - {{between: [dram, accumulator]}}
  - {{between: [scratchpad, array]}}
  - {{between: [accumulator, array]}}
  - {{between: [scratchpad, side]}}
  - {{between: [accumulator, side]}}
  - {{from: array, to: side, latency: {} cycles}}
  - {{from: side, to: array, latency: {} cycles}}
)",
                                                      random.among<std::int64_t>({1, 7, 100}), random.between(0, 40),
                                                      random.between(0, 3), random.between(0, 3), rows, columns,
                                                      operations, random.between(1, 3), 200, 200, rows, columns,
                                                      operations, random.between(0, 3), random.between(0, 3)))),
                      technology_of);
}

}  // namespace

TEST_CASE("FSA: tile level and PEs agree, and the values are the evaluator's") { check_fsa(1, seeds(100)); }

// Plans that nobody wrote: the 1-pass cascade cut into instructions anywhere, every Einsum's indices along rows,
// columns or in time as they come, on an array whose table leaves time enough.
void check_random_instructions(std::uint64_t first, std::uint64_t last) {
  Tally times;
  ValueTally values;
  std::map<std::string, int> refused;
  const Cascade cascade = cascade_of("attention_1pass");
  const std::vector<std::pair<std::string, std::vector<std::string>>> einsums = {
      {"QK", {"m0", "p0", "e"}},   {"LM", {"m0", "p0"}}, {"RM", {"p0"}},  {"SLN", {"m0", "p0"}}, {"SLD", {"m0", "p0"}},
      {"SLNV", {"m0", "p0", "f"}}, {"PRM", {"p0"}},      {"SPD", {"p0"}}, {"RD", {"p0"}},        {"SPNV", {"p0", "f"}},
      {"RNV", {"p0", "f"}}};
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Seeded random(seed * 3571);
    const std::int64_t rows = random.between(1, 6), columns = random.between(1, 6), side = std::min(rows, columns);
    const Machine machine = with_side_array(random, rows, columns);
    std::string nests = "nests:\n  - loops: [b, h, p1]\n    body:\n      - loops: [m1]\n        body:\n",
                bind = "bind:\n";
    const bool both = random.chance(2);
    bool has_instruction = false;  // every body has one
    const auto binding = [&](const std::string& name, std::vector<std::string> indices, bool last) {
      random.shuffle(indices);
      const bool aside = both && (has_instruction || !last) && random.chance(3);
      has_instruction = !last && (has_instruction || !aside);
      bind += "  " + name + (aside ? ": {array: side" : ": {array: array, instruction: go");
      for (const char* axis : {"rows", "columns"}) {
        if (indices.empty() || random.chance(4)) continue;
        bind += fmt::format(", {}: {}", axis, indices.back());
        indices.pop_back();
      }
      std::string time;
      for (const std::string& index : indices) time += (time.empty() ? "" : ", ") + index;
      bind += ", time: [" + time + "]}\n";
    };
    std::string body;
    for (std::size_t i = 0; i < einsums.size(); ++i) {
      body += (body.empty() ? "" : ", ") + einsums[i].first;
      const bool last = i + 1 == einsums.size() || random.chance(3);
      binding(einsums[i].first, einsums[i].second, last);
      if (!last) continue;
      nests += "          - {loops: [], body: [" + body + "]}\n";
      body.clear();
    }
    nests += "      - {loops: [], body: [AV]}\n";
    binding("AV", {"p0", "f"}, true);
    const std::string text = fmt::format(R"(plan: attention_1pass__fsa__random
cascade: attention_1pass
machine: fsa
tiles: {{M0: {}, P0: {}}}
{}{}keep:
  Q:  {{in: scratchpad, across: [m1], slots: 2}}
  K:  {{in: scratchpad, slots: 2}}
  V:  {{in: scratchpad, slots: 2}}
  RM: {{in: accumulator, across: [m1], slots: 2}}
  RD: {{in: accumulator, across: [m1], slots: 2}}
  RNV: {{in: accumulator, across: [m1], slots: 2}}
  AV: {{in: accumulator, slots: 2}}
in_flight: 2
)",
                                         random.between(1, side), random.between(1, side), nests, bind);
    INFO("seed " << seed << " " << rows << " x " << columns << "\n" << text);
    const Plan plan = load_plan(parse_yaml(source_from_text("plan.yaml", text)));
    AttentionShape shape{1,
                         random.between(1, 2),
                         random.between(1, 10),
                         random.between(1, 10),
                         random.between(1, side),
                         random.between(1, side)};
    std::optional<Program> program;
    try {
      program = lower(cascade, machine, plan, shape.shape(), Dtype::fp64, {});
      static_cast<void>(instruction_schedules(*program, machine, cascade));
    } catch (const UserError& error) {
      ++refused[error.diagnostics().front().code];
      ++times.refused;
      continue;
    }
    compare_levels(*program, machine, cascade, times);
    check_pe_values(cascade, machine, plan, shape.shape(), seed, values);
  }
  for (const auto& [code, count] : refused) fmt::print("instructions of random bindings: {} {}\n", count, code);
  print("instructions of random bindings", times);
  print("instructions of random bindings", values);
  CHECK(values.compared == times.compared);
}

TEST_CASE("instructions of random bindings") { check_random_instructions(1, seeds(200)); }

namespace {

FsaCase fsa(std::int64_t rows, std::int64_t columns, std::int64_t pieces, const Overrides& more = {}) {
  FsaCase what;
  Overrides machine = {{"parameters.rows", std::to_string(rows)},
                       {"parameters.columns", std::to_string(columns)},
                       {"parameters.pieces", std::to_string(pieces)},
                       {"parameters.engines", "4"},
                       {"parameters.element_bytes", "8"},
                       {"parameters.sum_bytes", "8"},
                       {"components.dram.bandwidth", "1000000 GB/s"},
                       {"components.dram.latency", "0 cycles"}};
  machine.insert(machine.end(), more.begin(), more.end());
  what.machine = machine_of("fsa", machine);
  what.plan = plan_of("fsa__fsa__flash");
  for (const auto& [rank, extent] :
       {std::pair{"B", std::int64_t{1}}, {"H", 1}, {"P", 2 * columns}, {"M", 3 * rows}, {"E", rows}, {"F", rows}}) {
    what.shape.set(rank, extent);
  }
  return what;
}

// The code of the user error that a run with values ends with; "" when the values are right.
std::string error_of(const FsaCase& what) {
  const Cascade cascade = cascade_of("fsa");
  CheckOptions options;
  options.fidelity = Fidelity::pe;
  options.dtype = Dtype::fp64;
  try {
    const CheckReport report =
        check_values(cascade, what.machine, what.plan, what.shape, evaluator_of(cascade), options, {});
    INFO(report.first_mismatch);
    CHECK(report.passed);
    return "";
  } catch (const UserError& error) {
    return error.diagnostics().front().code;
  }
}

}  // namespace

// When things happen inside an instruction, derived from the bindings alone, is what the source's RTL does. Times count
// from the cycle behind the accept; column 0.
TEST_CASE("what happens inside FSA's instructions") {
  int compared = 0;
  for (const std::int64_t r : {1, 2, 3, 4, 7, 16}) {
    for (const std::int64_t c : {1, 2, 4, 5, 16}) {
      for (const std::int64_t p : {1, 4, 8}) {
        INFO(r << " x " << c << ", " << p << " pieces");
        const FsaCase what = fsa(r, c, p);
        const Cascade cascade = cascade_of("fsa");
        const Program program = lower(cascade, what.machine, what.plan, what.shape, Dtype::fp64, {});
        std::map<std::string, ScheduledEinsum> at;
        std::map<std::string, std::int64_t> cycles;
        for (const InstructionSchedule& schedule : instruction_schedules(program, what.machine, cascade)) {
          cycles[schedule.instruction] = schedule.cycles;
          for (const ScheduledEinsum& einsum : schedule.einsums) {
            at[program.statements[static_cast<std::size_t>(einsum.statement)].name] = einsum;
          }
        }
        const auto starts = [&](const char* einsum, std::int64_t time, int skew, Station station) {
          INFO(einsum);
          CHECK(at.at(einsum).start - 1 == time);
          CHECK(at.at(einsum).skew == skew);
          CHECK(at.at(einsum).station == station);
          ++compared;
        };
        starts("S", 1, -1, Station::grid);         // row r's first product at 1 + (R - 1 - r), upward
        starts("LM", r + 1, 0, Station::top);      // the first score meets the comparator
        starts("R", 2 * r + 1, 0, Station::grid);  // all rows latch theirs
        starts("X", 2 * r + 2, 1, Station::grid);  // subtract the maximum, one row after the other
        starts("Y", 2 * r + 3, 1, Station::grid);
        starts("PT", 2 * r + 4, 1, Station::grid);
        starts("LD", 2 * r + 4 + p, 1, Station::grid);
        starts("RD", 3 * r + 4 + p, 0, Station::bottom);
        starts("OT", 1, 1, Station::grid);
        starts("RN", r + 1, 0, Station::bottom);  // output i in the last column at R + C + i
        CHECK(at.at("R").reversed == (r > 1));    // one row has no other way round
        // An engine is busy for D cycles behind the accept.
        const auto& table = what.machine.arrays[0].controller->instructions;
        for (const char* name : {"load_stationary", "attention_score", "attention_value", "normalise"}) {
          INFO(name);
          CHECK(cycles.at(name) == table.at(name).busy_cycles);
        }
        CHECK(cycles.at("reciprocal") == table.at("reciprocal").busy_cycles - 1);  // its result is written
        compared += 5;
      }
    }
  }
  fmt::print("inside FSA's instructions: {} times compared, largest difference 0\n", compared);
}

// Nothing in the table could be shorter: a cycle less, and PEs are told to do two things at once, lack a value, or are
// not done.
TEST_CASE("FSA's table has no cycle to spare") {
  const std::int64_t rows = 5, columns = 3, pieces = 4;
  CHECK(error_of(fsa(rows, columns, pieces)) == "");
  const auto with = [&](const std::string& instruction, const std::string& entry, std::int64_t value) {
    const std::string path = "components.array.controller.instructions." + instruction + "." + entry;
    INFO(path << " = " << value);
    return error_of(fsa(rows, columns, pieces, {{path, std::to_string(value)}}));
  };
  CHECK(with("load_stationary", "next", columns) == "");
  CHECK(with("load_stationary", "next", columns - 1) == "instruction-conflict");
  CHECK(with("attention_score", "next", 2 * rows + 4 + pieces) == "");
  CHECK(with("attention_score", "next", 2 * rows + 3 + pieces) == "instruction-conflict");
  CHECK(with("attention_value", "next", 2 * rows - 1) == "");
  CHECK(with("attention_value", "next", 2 * rows - 2) == "instruction-conflict");
  CHECK(with("load_stationary", "busy", columns) == "instruction-too-short");
  CHECK(with("attention_score", "busy", 3 * rows + columns + pieces + 3) == "instruction-too-short");
  CHECK(with("attention_value", "busy", 2 * rows + columns - 1) == "instruction-too-short");
  CHECK(with("normalise", "busy", rows) == "instruction-too-short");
  CHECK(with("reciprocal", "busy", 15) == "instruction-too-short");
  // One register in a PE is enough, and needed.
  CHECK(fsa(rows, columns, pieces).machine.arrays[0].registers == 1);
}

TEST_CASE("many more instructions", "[.wide]") {
  check_fsa(1000, 1000);
  check_random_instructions(1000, 5000);
}
