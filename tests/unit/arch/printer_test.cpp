// SPDX-License-Identifier: Apache-2.0
// Does the description show everything a machine is, aligned and with its sources?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("a machine, described") {
  CHECK(print_machine(machine_from(replaced(kTinyMachine, "clock:", "description: small\nclock:"))) == R"(machine tiny
  description small
  parameters  dim = 4
  clock       1000 MHz
  technology  tiny
  area        0.002405 mm^2

memories (latency in cycles, energy per access)
  memory    kind   capacity  access  ports  banks      bandwidth  latency  read pJ  write pJ  area mm^2
  dram      dram  unbounded     8 B      -      -  14.9012 GiB/s       10        8         9          0
  buffer  buffer      1 KiB    16 B      1      1     16 B/cycle        0        2         3      5e-06

arrays (registers: energy per word)
  array  rows  columns  PEs  registers/PE  register read pJ  register write pJ  PE um^2  area mm^2
  array     4        4   16             -              0.25              0.125      150     0.0024

operations (of one PE)
  operation  issue cycles  actions  energy pJ
  array.exp             2    1 exp          7
  array.mac             1    1 mac          4

links (latency in cycles)
  link             latency
  dram -> buffer         0
  buffer -> dram         0
  buffer -> array        0
  array -> buffer        0

sources
  dram energy    test
  dram area      not stated
  buffer energy  test
  array energy   test
  array area     registers + exp + mac (test)
)");
}
