// SPDX-License-Identifier: Apache-2.0
// Does a technology document give the numbers it states, and is what is wrong with it told?
#include "arch/energy_table.hpp"

#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("a technology's numbers, by name") {
  Diagnostics diagnostics;
  const EnergyTable table = load_energy_table(tiny_technology("tiny", Span{}), diagnostics);
  CHECK(diagnostics.empty());
  CHECK(table.name == "tiny");
  CHECK(table.complete);
  REQUIRE(table.find_memory("dram") != nullptr);
  CHECK(table.find_memory("dram")->write_energy_pj == 9);
  CHECK(table.find_memory("dram")->access_width == Bytes(8));
  CHECK_FALSE(table.find_memory("dram")->area_stated);
  CHECK(table.find_memory("sram")->area_stated);
  CHECK_FALSE(table.find_memory("sram")->access_width.has_value());
  REQUIRE(table.find_operation("max") != nullptr);
  CHECK(table.find_operation("max")->energy_pj == 0.5);
  CHECK(table.find_operation("max")->area_um2 == 2);
  REQUIRE(table.find_registers("pe") != nullptr);
  CHECK(table.find_registers("pe")->read_energy_pj == 0.25);
  CHECK(table.find_registers("pe")->source == "test");
  CHECK(table.find_memory("mac") == nullptr);
  CHECK(table.find_operation("dram") == nullptr);
  CHECK(table.find_registers("") == nullptr);
}

TEST_CASE("units are converted to picojoules and square micrometres") {
  Diagnostics diagnostics;
  const std::string text =
      replaced(replaced(kTinyTechnology, "energy: 4 pJ, area: 10 um^2", "energy: 4 fJ, area: 0.5 mm^2"), "read: 2 pJ",
               "read: 2 nJ");
  const EnergyTable table = load_energy_table(parse_yaml(source_from_text("t.yaml", text)), diagnostics);
  CHECK(diagnostics.empty());
  CHECK(table.find_operation("mac")->energy_pj == 0.004);
  CHECK(table.find_operation("mac")->area_um2 == 0.5e6);
  CHECK(table.find_memory("sram")->read_energy_pj == 2000);
}

TEST_CASE("every number of the technologies in the tree names its source") {
  Diagnostics diagnostics;
  const EnergyTable table = load_energy_table(technology_in_tree("45nm_fusemax", Span{}), diagnostics);
  CHECK(diagnostics.empty());
  CHECK(table.name == "45nm_fusemax");
  CHECK(table.memories.size() == 5);
  CHECK(table.operations.size() == 5);
  CHECK(table.registers.size() == 5);
  CHECK(table.find_operation("add")->area_um2 == 0);
  CHECK(table.find_memory("uncharged")->source == "FuseMax artifact: not charged");
}

TEST_CASE("a number without source") {
  CHECK(errors_with_technology(", area: 5 um^2, source: test", ", area: 5 um^2") ==
        R"(tiny_technology.yaml:4:9: error[missing-key]: memory `sram` has no `source`; it is required
 4 |   sram: {read: 2 pJ, write: 3 pJ, area: 5 um^2}
   |         ^
)");
}

TEST_CASE("an empty source") {
  CHECK(
      errors_with_technology(", area: 5 um^2, source: test", ", area: 5 um^2, source: ' '") ==
      R"(tiny_technology.yaml:4:58: error[source-empty]: `sram` names no source; every number of a technology says where it comes from
 4 |   sram: {read: 2 pJ, write: 3 pJ, area: 5 um^2, source: ' '}
   |                                                          ^
help: name the paper and table, the tool and version, or write `assumption: …`
)");
}

TEST_CASE("an operation without energy") {
  CHECK(errors_with_technology("mac: {energy: 4 pJ, ", "mac: {") ==
        R"(tiny_technology.yaml:8:8: error[missing-key]: operation `mac` has no `energy`; it is required
 8 |   mac: {area: 10 um^2, source: test}
   |        ^
)");
}

TEST_CASE("an energy without unit") {
  CHECK(errors_with_technology("energy: 4 pJ", "energy: 4") ==
        R"(tiny_technology.yaml:8:17: error[unit-missing]: `energy` of `mac` must have a unit; found `4`
 8 |   mac: {energy: 4, area: 10 um^2, source: test}
   |                 ^
help: write for example `0.5 pJ`; units: fJ, pJ, nJ, uJ, J
)");
}

TEST_CASE("a misspelt section, and no echo from the machine") {
  CHECK(errors_with_technology("operations:", "operation:") ==
        R"(tiny_technology.yaml:5:1: error[unknown-key]: technology has no key `operation`
 5 | operation:
   | ^^^^^^^^^
help: did you mean `operations`?
)");
}

TEST_CASE("a technology that is no map") {
  CHECK(errors_of(kTinyMachine,
                  [](const std::string&, const Span&) { return parse_yaml(source_from_text("t.yaml", "x\n")); }) ==
        R"(t.yaml:1:1: error[yaml-type]: technology must be a map; found `x`
 1 | x
   | ^
)");
}
