// SPDX-License-Identifier: Apache-2.0
// Is every mistake in numbers listed by size told in full, once, and without echo from the machine?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// The errors of the tiny machine when its technology's `pe`, or `sram`, is this.
std::string errors_with_pe(const std::string& pe, const std::string& machine = kTinyMachine) {
  const std::string technology =
      replaced(kTinyTechnology, "{read: 0.25 pJ, write: 0.125 pJ, area: 100 um^2, source: test}", pe);
  return errors_of(machine, [&](const std::string&, const Span&) {
    return parse_yaml(source_from_text("tiny_technology.yaml", technology));
  });
}
std::string errors_with_sram(const std::string& sram, const std::string& machine = kTinyMachine) {
  const std::string technology =
      replaced(kTinyTechnology, "{read: 2 pJ, write: 3 pJ, area: 5 um^2, source: test}", sram);
  return errors_of(machine, [&](const std::string&, const Span&) {
    return parse_yaml(source_from_text("tiny_technology.yaml", technology));
  });
}

const std::string kOnce = "{read: 1 pJ, write: 1 pJ, ";
const std::string kFourRegisters = replaced(kTinyMachine, "pe: pe", "registers: 4, pe: pe");

}  // namespace

TEST_CASE("an array that does not state its registers") {
  CHECK(
      errors_with_pe(kOnce + "counts: {4: {area: 1 um^2}, 8: {area: 2 um^2}}, source: test}") ==
      R"(tiny.yaml:8:56: error[registers-not-stated]: `pe` of `array` lists its numbers by count of registers; `array` states no `registers`
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                                        ^^
tiny_technology.yaml:11:3: note: listed here
)");
}

TEST_CASE("a memory without capacity") {
  const std::string machine =
      replaced(kTinyMachine, "access_width: 8 B, energy: dram", "access_width: 8 B, energy: sram");
  CHECK(
      errors_with_sram(kOnce + "capacities: {1 KiB: {area: 1 um^2}, 2 KiB: {area: 2 um^2}}, source: test}", machine) ==
      R"(tiny.yaml:6:89: error[capacity-not-stated]: `energy` of `dram` lists its numbers by capacity; `dram` states no `capacity`
 6 |   dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: sram}
   |                                                                                         ^^^^
tiny_technology.yaml:4:3: note: listed here
)");
}

TEST_CASE("numbers below 0 far from the listed sizes") {
  CHECK(
      errors_with_pe(kOnce + "counts: {32: {area: 1 um^2}, 64: {area: 2 um^2}}, source: test}", kFourRegisters) ==
      R"(tiny.yaml:8:70: error[extrapolation-out-of-range]: `pe` of `array` gives an area of -2 um^2 at 4 registers, extrapolated from 32 and 64 registers; it must be a finite number of at least 0
 8 |   array: {kind: pe_array, rows: dim, columns: dim, registers: 4, pe: pe, operations: {mac: 1, exp: 2}}
   |                                                                      ^^
tiny_technology.yaml:11:3: note: listed here
)");
}

TEST_CASE("infinite numbers far from the listed sizes") {
  const std::string machine = replaced(kTinyMachine, "capacity: 1 KiB", "capacity: 1 GiB");
  CHECK(
      errors_with_sram(kOnce + "capacities: {1 KiB: {area: 1 um^2}, 1025 B: {area: 2 um^2}}, source: test}", machine) ==
      R"(tiny.yaml:7:71: error[extrapolation-out-of-range]: `energy` of `buffer` gives an area of inf um^2 at 1073741824 bytes, extrapolated from 1024 and 1025 bytes; it must be a finite number of at least 0
 7 |   buffer: {kind: buffer, capacity: 1 GiB, access_width: 16 B, energy: sram}
   |                                                                       ^^^^
tiny_technology.yaml:4:3: note: listed here
)");
}

TEST_CASE("one size") {
  CHECK(
      errors_with_pe(kOnce + "counts: {4: {area: 1 um^2}}, source: test}", kFourRegisters) ==
      R"(tiny_technology.yaml:11:41: error[sizes-too-few]: `counts` of `pe` lists 1 size; the numbers of other sizes follow from two
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {4: {area: 1 um^2}}, source: test}
    |                                         ^
help: without `counts`, one set of numbers holds for every size
)");
}

TEST_CASE("no sizes") {
  CHECK(
      errors_with_sram(kOnce + "capacities: {}, source: test}") ==
      R"(tiny_technology.yaml:4:47: error[sizes-too-few]: `capacities` of `sram` lists 0 sizes; the numbers of other sizes follow from two
 4 |   sram: {read: 1 pJ, write: 1 pJ, capacities: {}, source: test}
   |                                               ^
help: without `capacities`, one set of numbers holds for every size
)");
}

TEST_CASE("sizes out of order, and one of them twice") {
  CHECK(
      errors_with_pe(kOnce + "counts: {8: {area: 1 um^2}, 4: {area: 2 um^2}}, source: test}", kFourRegisters) ==
      R"(tiny_technology.yaml:11:61: error[sizes-not-ascending]: `4` in `counts` of `pe` is not above the size before it; sizes are listed from small to large
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {8: {area: 1 um^2}, 4: {area: 2 um^2}}, source: test}
    |                                                             ^
tiny_technology.yaml:11:42: note: the size before
)");
  CHECK(
      errors_with_sram(kOnce + "capacities: {1 KiB: {area: 1 um^2}, 1024 B: {area: 2 um^2}}, source: test}") ==
      R"(tiny_technology.yaml:4:71: error[sizes-not-ascending]: `1024 B` in `capacities` of `sram` is not above the size before it; sizes are listed from small to large
 4 |   sram: {read: 1 pJ, write: 1 pJ, capacities: {1 KiB: {area: 1 um^2}, 1024 B: {area: 2 um^2}}, source: test}
   |                                                                       ^^^^^^
tiny_technology.yaml:4:48: note: the size before
)");
}

TEST_CASE("sizes that are none") {
  CHECK(
      errors_with_pe(kOnce + "counts: {0: {area: 1 um^2}, many: {area: 2 um^2}}, source: test}", kFourRegisters) ==
      R"(tiny_technology.yaml:11:42: error[value-range]: `0` in `counts` of `pe` must be between 1 and 1048576; found `0`
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {0: {area: 1 um^2}, many: {area: 2 um^2}}, source: test}
    |                                          ^
tiny_technology.yaml:11:61: error[yaml-type]: `many` in `counts` of `pe` must be an integer; found `many`
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {0: {area: 1 um^2}, many: {area: 2 um^2}}, source: test}
    |                                                             ^^^^
)");
  CHECK(
      errors_with_sram(kOnce + "capacities: {0 B: {area: 1 um^2}, 16: {area: 2 um^2}}, source: test}") ==
      R"(tiny_technology.yaml:4:48: error[value-range]: `0 B` in `capacities` of `sram` must be at least 1 B; found `0 B`
 4 |   sram: {read: 1 pJ, write: 1 pJ, capacities: {0 B: {area: 1 um^2}, 16: {area: 2 um^2}}, source: test}
   |                                                ^^^
tiny_technology.yaml:4:69: error[unit-missing]: `16` in `capacities` of `sram` must have a unit; found `16`
 4 |   sram: {read: 1 pJ, write: 1 pJ, capacities: {0 B: {area: 1 um^2}, 16: {area: 2 um^2}}, source: test}
   |                                                                     ^^
help: write for example `16 MiB`; units: B, KiB, MiB, GiB, TiB, kB, MB, GB
)");
}

TEST_CASE("a number that one size lacks") {
  CHECK(errors_with_pe("{write: 1 pJ, counts: {4: {read: 1 pJ, area: 1 um^2}, 8: {read: 1 pJ}}, source: test}",
                       kFourRegisters) ==
        R"(tiny_technology.yaml:11:64: error[missing-key]: `8` in `counts` of `pe` has no `area`; it is required
 11 |   pe: {write: 1 pJ, counts: {4: {read: 1 pJ, area: 1 um^2}, 8: {read: 1 pJ}}, source: test}
    |                                                                ^
)");
}

TEST_CASE("a number stated once and for a size") {
  CHECK(errors_with_pe(kOnce + "counts: {4: {area: 1 um^2}, 8: {read: 2 pJ, area: 1 um^2}}, source: test}",
                       kFourRegisters) ==
        R"(tiny_technology.yaml:11:65: error[unknown-key]: `8` in `counts` of `pe` has no key `read`
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {4: {area: 1 um^2}, 8: {read: 2 pJ, area: 1 um^2}}, source: test}
    |                                                                 ^^^^
help: known: area
)");
}

TEST_CASE("a listed number of 0 where others follow from its logarithm") {
  CHECK(
      errors_with_sram(kOnce + "capacities: {1 KiB: {area: 0 um^2}, 2 KiB: {area: 2 um^2}}, source: test}") ==
      R"(tiny_technology.yaml:4:62: error[value-range]: `area` of `1 KiB` in `capacities` of `sram` must be above 0, because other sizes follow from its logarithm; found `0 um^2`
 4 |   sram: {read: 1 pJ, write: 1 pJ, capacities: {1 KiB: {area: 0 um^2}, 2 KiB: {area: 2 um^2}}, source: test}
   |                                                              ^^^^^^
)");
}

TEST_CASE("sizes that are no map") {
  CHECK(errors_with_pe(kOnce + "counts: [4, 8], source: test}", kFourRegisters) ==
        R"(tiny_technology.yaml:11:41: error[yaml-type]: `counts` of `pe` must be a map; found a list
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: [4, 8], source: test}
    |                                         ^
)");
  CHECK(errors_with_pe(kOnce + "counts: {4: 1 um^2, 8: 2 um^2}, source: test}", kFourRegisters) ==
        R"(tiny_technology.yaml:11:45: error[yaml-type]: `4` in `counts` of `pe` must be a map; found `1 um^2`
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {4: 1 um^2, 8: 2 um^2}, source: test}
    |                                             ^^^^^^
tiny_technology.yaml:11:56: error[yaml-type]: `8` in `counts` of `pe` must be a map; found `2 um^2`
 11 |   pe: {read: 1 pJ, write: 1 pJ, counts: {4: 1 um^2, 8: 2 um^2}, source: test}
    |                                                        ^^^^^^
)");
}
