// SPDX-License-Identifier: Apache-2.0
// Do the questions one may ask a machine have the answers its header promises?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("properties: the numbers a plan may name") {
  const Machine machine = machine_in_tree("fusemax");
  CHECK(machine.property("clock") == 940e6);
  CHECK(machine.property("array2d.rows") == 256);
  CHECK(machine.property("array2d.columns") == 256);
  CHECK(machine.property("array2d.pes") == 65536);
  CHECK(machine.property("array1d.rows") == 1);
  CHECK(machine.property("array1d.registers") == 32);
  CHECK(machine.property("global_buffer.capacity") == 16777216);
  CHECK(machine.property("global_buffer.access_width") == 512);
  CHECK(machine.property("global_buffer.ports") == 4);
  CHECK(machine.property("global_buffer.banks") == 32);
  CHECK(machine.property("dram.bandwidth") == 429496729600.0);
  CHECK(machine.property("dram.latency") == 100);
}

TEST_CASE("properties: what is not a number of the machine has none") {
  const Machine machine = machine_in_tree("fusemax");
  CHECK_FALSE(machine.property("dram.capacity").has_value());            // unbounded
  CHECK_FALSE(machine.property("global_buffer.bandwidth").has_value());  // ports × access_width per cycle
  CHECK_FALSE(machine.property("dram.ports").has_value());
  CHECK_FALSE(machine.property("array2d").has_value());
  CHECK_FALSE(machine.property("array3d.rows").has_value());
  CHECK_FALSE(machine.property("array2d.capacity").has_value());
  CHECK_FALSE(machine.property("").has_value());
  CHECK_FALSE(machine.property(".").has_value());
  CHECK_FALSE(machine.property("dim").has_value());
}

TEST_CASE("property names are exactly the names that have a value") {
  const Machine machine = machine_from(kTinyMachine);
  CHECK(machine.property_names() ==
        std::vector<std::string>{"clock", "parameters.dim", "dram.access_width", "dram.bandwidth", "dram.latency",
                                 "buffer.access_width", "buffer.banks", "buffer.capacity", "buffer.latency",
                                 "buffer.ports", "array.columns", "array.pes", "array.registers", "array.rows"});
  for (const std::string& name : machine.property_names()) {
    INFO(name);
    CHECK(machine.property(name).has_value());
  }
}

TEST_CASE("find by name, nullptr when absent or of the other sort") {
  const Machine machine = machine_from(kTinyMachine);
  REQUIRE(machine.find_memory("buffer") != nullptr);
  CHECK(machine.find_memory("buffer")->name == "buffer");
  CHECK(machine.find_memory("array") == nullptr);
  REQUIRE(machine.find_array("array") != nullptr);
  CHECK(machine.find_array("buffer") == nullptr);
}

TEST_CASE("links have a direction; `between` is both") {
  const Machine machine = machine_from(replaced(kTinyMachine, "- {between: [buffer, array]}",
                                                "- {from: buffer, to: array, latency: 3 cycles}\n"
                                                "  - {from: array, to: dram, latency: {cycles: dim * 2}}"));
  CHECK(machine.link_latency("dram", "buffer") == Cycles(0));
  CHECK(machine.link_latency("buffer", "dram") == Cycles(0));
  CHECK(machine.link_latency("buffer", "array") == Cycles(3));
  CHECK_FALSE(machine.link_latency("array", "buffer").has_value());
  CHECK(machine.link_latency("array", "dram") == Cycles(8));
}

TEST_CASE("memories are listed with the dram first") {
  const std::string dram =
      "  dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram}\n";
  const std::string text = replaced(replaced(kTinyMachine, dram, ""), "links:", dram + "links:");
  CHECK(machine_from(text).component_names() == std::vector<std::string>{"dram", "buffer", "array"});
}

TEST_CASE("area: registers and one unit of every action a PE's operations use") {
  // sub and exp2 use units that mac and add bring already; max's unit is not there.
  const Machine machine = machine_from(replaced(kTinyMachine, "{mac: 1, exp: 2}",
                                                "{mac: 1, add: 1, sub: {issue_cycles: 1, actions: {add: 1}}, exp2: "
                                                "{issue_cycles: 6, actions: {mac: 5, add: 1}}}"));
  CHECK(machine.find_array("array")->pe_area_um2 == 100 + 10);
  CHECK(machine.find_array("array")->area_source == "registers + mac (test)");
  CHECK(machine.total_area() == SquareMicrometres(5 + 16 * 110));
  CHECK(machine.find_array("array")->action_energy.size() == 2);
}
