// SPDX-License-Identifier: Apache-2.0
// May every count and quantity of a machine follow from its parameters, with the value the expression has?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("parameters may use the parameters before them") {
  const Machine machine =
      machine_from(replaced(kTinyMachine, "{dim: 4}", "{base: 2, dim: base * 8, half: dim / 2, share: 0.25}"));
  CHECK(machine.parameters ==
        std::vector<std::pair<std::string, double>>{{"base", 2}, {"dim", 16}, {"half", 8}, {"share", 0.25}});
  CHECK(machine.find_array("array")->rows == 16);
}

TEST_CASE("counts take an integer or an expression") {
  const auto rows = [](const std::string& text) {
    return machine_from(replaced(kTinyMachine, "rows: dim", "rows: " + text)).find_array("array")->rows;
  };
  CHECK(rows("3") == 3);
  CHECK(rows("dim") == 4);
  CHECK(rows("2 * dim + 1") == 9);
  CHECK(rows("2*dim") == 8);
  CHECK(rows("1+1") == 2);
  CHECK(rows("(3)") == 3);
  CHECK(rows("ceil(dim / 3)") == 2);
  CHECK(rows("1048576") == 1048576);
  CHECK_THROWS_AS(rows("1048577"), UserError);
  CHECK_THROWS_AS(rows("1.5"), UserError);
}

TEST_CASE("every quantity takes a unit, or an expression under the name of its unit") {
  const Machine machine = machine_from(R"(machine: all
technology: tiny
parameters: {dim: 4, megahertz: 500}
clock: {hertz: megahertz * 1000000}
components:
  dram: {kind: dram, capacity: {bytes: dim * 1024}, bandwidth: {bytes_per_second: dim * 2.5}, latency: {cycles: dim + 1},
         access_width: 8 B, energy: dram}
  buffer: {kind: buffer, capacity: {bytes: 64 * dim}, access_width: {bytes: 2 * dim}, banks: dim, ports: dim / 2,
           queue_accesses: 3 * dim, latency: 1 cycle, energy: sram}
  array: {kind: pe_array, columns: dim, registers: 2 * dim, pe: pe, operations: {mac: dim, exp: {issue_cycles: dim - 4, actions: {mac: dim}}}}
links:
  - {between: [dram, buffer], latency: {cycles: 2}}
  - {between: [buffer, array]}
)");
  CHECK(machine.clock == Hertz(500e6));
  const Memory& dram = machine.memories.at(0);
  CHECK(dram.capacity == Bytes(4096));
  CHECK(dram.bandwidth == BytesPerSecond(10));
  CHECK(dram.latency == Cycles(5));
  const Memory& buffer = machine.memories.at(1);
  CHECK(buffer.capacity == Bytes(256));
  CHECK(buffer.access_width == Bytes(8));
  CHECK(buffer.banks == 4);
  CHECK(buffer.ports == 2);
  CHECK(buffer.queue_accesses == 12);
  CHECK(buffer.latency == Cycles(1));
  const PeArray& array = machine.arrays.at(0);
  CHECK(array.rows == 1);
  CHECK(array.registers == 8);
  CHECK(array.operations.at("mac").issue_cycles == 4);
  CHECK(array.operations.at("exp").issue_cycles == 0);  // hidden behind another operation
  CHECK(array.operations.at("exp").actions.at("mac") == 4);
  CHECK(machine.link_latency("buffer", "dram") == Cycles(2));
}

TEST_CASE("what a document leaves out has the default of its component's description") {
  const Machine machine = machine_from(replaced(kTinyMachine, "rows: dim, ", ""));
  const Memory& buffer = *machine.find_memory("buffer");
  CHECK(buffer.ports == 1);
  CHECK(buffer.banks == 1);
  CHECK(buffer.queue_accesses == 1024);
  CHECK(buffer.latency == Cycles(0));
  CHECK(machine.find_array("array")->rows == 1);
  CHECK(machine.find_array("array")->registers == 0);
  CHECK(machine.description.empty());
}
