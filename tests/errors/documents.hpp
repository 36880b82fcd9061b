// SPDX-License-Identifier: Apache-2.0
// Three small documents that work together, edits that spoil them, and what the user is then told.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"
#include "mappings/lower.hpp"
#include "mappings/plan.hpp"
#include "mappings/program.hpp"

namespace einloom::test {

inline const std::string kCascade = R"(cascade: dot
ranks: [M, K, N]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N]}
  Y: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
  - Y[m,n] = exp(Z[m,n])
)";

inline const std::string kTechnology = R"(technology: tiny
memories:
  dram: {read: 8 pJ, write: 9 pJ, access_width: 8 B, source: test}
  sram: {read: 2 pJ, write: 3 pJ, area: 5 um^2, source: test}
operations:
  add: {energy: 1 pJ, area: 1 um^2, source: test}
  mac: {energy: 4 pJ, area: 10 um^2, source: test}
registers:
  pe: {read: 0.25 pJ, write: 0.125 pJ, area: 100 um^2, source: test}
)";

inline const std::string kMachine = R"(machine: tiny
technology: tiny
clock: 1 GHz
components:
  dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram}
  buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}
  grid: {kind: pe_array, rows: 4, columns: 4, pe: pe, operations: {mac: 1}}
  row: {kind: pe_array, columns: 4, pe: pe, operations: {add: 1, mac: 1, exp: {issue_cycles: 2, actions: {mac: 2}}}}
links:
  - {between: [dram, buffer]}
  - {between: [buffer, grid]}
  - {between: [buffer, row]}
  - {from: grid, to: row, latency: 1 cycles}
)";

inline const std::string kPlan = R"(plan: tiny_plan
cascade: dot
machine: tiny
tiles: {M0: 4, N0: 4}
nests:
  - loops: [m1, n1]
    body: [Z, Y]
bind:
  Z: {array: grid, rows: m0, columns: n0, time: [k]}
  Y: {array: row, columns: n0, time: [m0]}
keep:
  A: {in: buffer, slots: 2}
  B: {in: buffer, slots: 2}
  Y: {in: buffer, slots: 2}
in_flight: 2
phases:
  - {grid: [Z]}
  - {row: [Y]}
)";

struct Documents {
  std::string cascade = kCascade, machine = kMachine, plan = kPlan;
};

// In one of the documents, the only occurrence of `from` becomes `to`.
struct Edit {
  std::string Documents::*document;
  std::string from, to;
};

// A group of edits with a name and everything the user is told about it.
struct BadInput {
  std::string name;
  std::vector<Edit> edits;
  std::string expected;
};

inline Edit in_cascade(std::string from, std::string to) {
  return {&Documents::cascade, std::move(from), std::move(to)};
}
inline Edit in_machine(std::string from, std::string to) {
  return {&Documents::machine, std::move(from), std::move(to)};
}
inline Edit in_plan(std::string from, std::string to) { return {&Documents::plan, std::move(from), std::move(to)}; }

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ensure(at != std::string::npos, "test text without the part to replace: " + from);
  ensure(text.find(from, at + 1) == std::string::npos, "test text with several parts to replace: " + from);
  return text.replace(at, from.size(), to);
}

inline Documents edited(const std::vector<Edit>& edits) {
  Documents documents;
  for (const Edit& edit : edits) {
    std::string& text = documents.*edit.document;
    text = replaced(text, edit.from, edit.to);
  }
  return documents;
}

struct Loaded {
  Cascade cascade;
  Machine machine;
  Plan plan;
};

inline Loaded loaded(const Documents& documents) {
  const auto parse = [](const char* name, const std::string& text) { return parse_yaml(source_from_text(name, text)); };
  const auto technology = [&](const std::string&, const Span&) { return parse("technology.yaml", kTechnology); };
  return {load_cascade(parse("cascade.yaml", documents.cascade)),
          load_machine(parse("machine.yaml", documents.machine), technology),
          load_plan(parse("plan.yaml", documents.plan))};
}

// Every rank of `ranks` has 8 elements; bf16. UserError when something does not fit.
inline Program lowered(const Loaded& documents, const std::vector<std::string>& ranks = {"K", "M", "N"}) {
  Shape shape;
  for (const std::string& rank : ranks) shape.set(rank, 8);
  return lower(documents.cascade, documents.machine, documents.plan, shape, Dtype::bf16, documents.plan.span);
}

// Everything the user is told when `call` throws; "" when it does not.
template <class Call>
std::string told(const Call& call) {
  try {
    call();
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

// One section per case; the texts must be equal to the last character.
inline void check_all(const std::vector<BadInput>& cases) {
  for (const BadInput& each : cases) {
    DYNAMIC_SECTION(each.name) {
      CHECK(told([&] { static_cast<void>(lowered(loaded(edited(each.edits)))); }) == each.expected);
    }
  }
}

}  // namespace einloom::test
