// SPDX-License-Identifier: Apache-2.0
// Is a wrong value of a machine document told with what was found and what is allowed?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("no rows") {
  CHECK(errors_with("rows: dim", "rows: 0") ==
        R"(tiny.yaml:8:33: error[value-range]: `rows` of `array` must be between 1 and 1048576; found `0`
 8 |   array: {kind: pe_array, rows: 0, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^
)");
}

TEST_CASE("negative rows") {
  CHECK(errors_with("rows: dim", "rows: -4") ==
        R"(tiny.yaml:8:33: error[value-range]: `rows` of `array` must be between 1 and 1048576; found `-4`
 8 |   array: {kind: pe_array, rows: -4, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^
)");
}

TEST_CASE("rows whose expression gives zero") {
  CHECK(errors_with("rows: dim", "rows: dim - 4") ==
        R"(tiny.yaml:8:33: error[value-range]: `rows` of `array` must be at least 1; `dim - 4` is 0
 8 |   array: {kind: pe_array, rows: dim - 4, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^^^^^
)");
}

TEST_CASE("rows whose expression gives a fraction") {
  CHECK(errors_with("rows: dim", "rows: dim / 3") ==
        R"(tiny.yaml:8:33: error[not-whole]: `rows` of `array` must be a whole number; `dim / 3` is 1.333333333
 8 |   array: {kind: pe_array, rows: dim / 3, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^^^^^
help: floor(…), ceil(…) and round(…) make it one
)");
}

TEST_CASE("rows whose expression gives too many") {
  CHECK(errors_with("rows: dim", "rows: dim * 1000000") ==
        R"(tiny.yaml:8:33: error[value-range]: `rows` of `array` must be at most 1048576; `dim * 1000000` is 4000000
 8 |   array: {kind: pe_array, rows: dim * 1000000, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^^^^^^^^^^^
)");
}

TEST_CASE("an expression over an unknown parameter") {
  CHECK(errors_with("rows: dim", "rows: dmi") ==
        R"(tiny.yaml:8:33: error[expression-unknown-name]: there is no value named `dmi`
 8 |   array: {kind: pe_array, rows: dmi, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^
help: did you mean `dim`?
)");
}

TEST_CASE("an expression that does not parse") {
  CHECK(errors_with("rows: dim", "rows: dim * (2") ==
        R"(tiny.yaml:8:41: error[expression-syntax]: the expression ends too early; an operator or `)` must follow
 8 |   array: {kind: pe_array, rows: dim * (2, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                         ^
)");
}

TEST_CASE("a count is written as an integer") {
  CHECK(errors_with("rows: dim", "rows: 1e3") ==
        R"(tiny.yaml:8:33: error[yaml-type]: `rows` of `array` must be an integer; found `1e3`
 8 |   array: {kind: pe_array, rows: 1e3, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^
)");
}

TEST_CASE("a count has no leading zeros") {
  CHECK(
      errors_with("rows: dim", "rows: 010") ==
      R"(tiny.yaml:8:33: error[yaml-type]: `rows` of `array` must be a decimal number without leading zeros; found `010`
 8 |   array: {kind: pe_array, rows: 010, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^^^
help: other readers take a leading zero for octal: `010` would be 8; write `10`
)");
}

TEST_CASE("a count is one value") {
  CHECK(errors_with("rows: dim", "rows: [1]") ==
        R"(tiny.yaml:8:33: error[yaml-type]: `rows` of `array` must be an integer; found a list
 8 |   array: {kind: pe_array, rows: [1], columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^
)");
}

TEST_CASE("a capacity of zero") {
  CHECK(errors_with("capacity: 1 KiB", "capacity: 0 B") ==
        R"(tiny.yaml:7:36: error[value-range]: `capacity` of `buffer` must be at least 1 B; found `0 B`
 7 |   buffer: {kind: buffer, capacity: 0 B, access_width: 16 B, energy: sram}
   |                                    ^^^
)");
}

TEST_CASE("a capacity whose expression gives zero") {
  CHECK(errors_with("capacity: 1 KiB", "capacity: {bytes: dim * 0}") ==
        R"(tiny.yaml:7:44: error[value-range]: `capacity` of `buffer` must be at least 1 B; `dim * 0` is 0
 7 |   buffer: {kind: buffer, capacity: {bytes: dim * 0}, access_width: 16 B, energy: sram}
   |                                            ^^^^^^^
)");
}

TEST_CASE("a capacity under a misspelt unit") {
  CHECK(errors_with("capacity: 1 KiB", "capacity: {byte: dim * 16}") ==
        R"(tiny.yaml:7:36: error[missing-key]: `capacity` of `buffer` has no `bytes`; it is required
 7 |   buffer: {kind: buffer, capacity: {byte: dim * 16}, access_width: 16 B, energy: sram}
   |                                    ^
tiny.yaml:7:37: error[unknown-key]: `capacity` of `buffer` has no key `byte`
 7 |   buffer: {kind: buffer, capacity: {byte: dim * 16}, access_width: 16 B, energy: sram}
   |                                     ^^^^
help: did you mean `bytes`?
)");
}

TEST_CASE("a capacity without unit") {
  CHECK(errors_with("capacity: 1 KiB", "capacity: 1024") ==
        R"(tiny.yaml:7:36: error[unit-missing]: `capacity` of `buffer` must have a unit; found `1024`
 7 |   buffer: {kind: buffer, capacity: 1024, access_width: 16 B, energy: sram}
   |                                    ^^^^
help: write for example `16 MiB`; units: B, KiB, MiB, GiB, TiB, kB, MB, GB
)");
}

TEST_CASE("a capacity that is not whole accesses") {
  CHECK(
      errors_with("capacity: 1 KiB", "capacity: 1000 B") ==
      R"(tiny.yaml:7:36: error[capacity-not-whole-accesses]: `capacity` of `buffer` is 1000 B; it must be a multiple of its `access_width`, 16 B
 7 |   buffer: {kind: buffer, capacity: 1000 B, access_width: 16 B, energy: sram}
   |                                    ^^^^^^
tiny.yaml:7:58: note: access width given here
help: the next multiple is 1008 B
)");
}

TEST_CASE("an access width of zero") {
  CHECK(errors_with("access_width: 16 B", "access_width: 0 B") ==
        R"(tiny.yaml:7:57: error[value-range]: `access_width` of `buffer` must be at least 1 B; found `0 B`
 7 |   buffer: {kind: buffer, capacity: 1 KiB, access_width: 0 B, energy: sram}
   |                                                         ^^^
)");
}

TEST_CASE("an access width that the energy is not stated for") {
  CHECK(
      errors_with("access_width: 8 B", "access_width: 64 B") ==
      R"(tiny.yaml:6:76: error[technology-access-width]: `access_width` of `dram` is 64 B; its energy is stated per access of 8 B and does not scale
 6 |   dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 64 B, energy: dram}
   |                                                                            ^^^^
tiny_technology.yaml:3:49: note: energy stated for this width
)");
}

TEST_CASE("no bandwidth") {
  CHECK(errors_with("16 GB/s", "0 B/s") ==
        R"(tiny.yaml:6:33: error[value-range]: `bandwidth` of `dram` must be at least 1 B/s; found `0 B/s`
 6 |   dram: {kind: dram, bandwidth: 0 B/s, latency: 10 cycles, access_width: 8 B, energy: dram}
   |                                 ^^^^^
)");
}

TEST_CASE("a clock of zero") {
  CHECK(errors_with("1 GHz", "0 Hz") ==
        R"(tiny.yaml:4:8: error[value-range]: `clock` must be at least 1 Hz; found `0 Hz`
 4 | clock: 0 Hz
   |        ^^^^
)");
}

TEST_CASE("an unknown memory entry") {
  CHECK(
      errors_with("energy: sram", "energy: srm") ==
      R"(tiny.yaml:7:71: error[technology-unknown-entry]: `energy` of `buffer` is `srm`; technology `tiny` has no memory of that name
 7 |   buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: srm}
   |                                                                       ^^^
help: did you mean `sram`?
)");
}

TEST_CASE("an unknown register entry") {
  CHECK(
      errors_with("pe: pe,", "pe: pe2d,") ==
      R"(tiny.yaml:8:56: error[technology-unknown-entry]: `pe` of `array` is `pe2d`; technology `tiny` has no registers of that name
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe2d, operations: {mac: 1, exp: 2}}
   |                                                        ^^^^
help: known: pe
)");
}

TEST_CASE("an operation the technology does not have, nearly") {
  CHECK(
      errors_with("mac: 1", "mca: 1") ==
      R"(tiny.yaml:8:73: error[operation-unknown]: operation `mca` of `array` stands for one action `mca`; technology `tiny` has no operation of that name
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mca: 1, exp: 2}}
   |                                                                         ^^^
help: did you mean `mac`?
)");
}

TEST_CASE("an operation the technology does not have") {
  CHECK(
      errors_with("mac: 1", "tanh: 1") ==
      R"(tiny.yaml:8:73: error[operation-unknown]: operation `tanh` of `array` stands for one action `tanh`; technology `tiny` has no operation of that name
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {tanh: 1, exp: 2}}
   |                                                                         ^^^^
help: known: add, exp, mac, max
)");
}

TEST_CASE("an unknown action and an action that never happens") {
  CHECK(
      errors_with("exp: 2", "exp: {issue_cycles: 6, actions: {mcc: 6, exp: 0}}") ==
      R"(tiny.yaml:8:114: error[action-unknown]: operation `exp` of `array` takes action `mcc`; technology `tiny` has no operation of that name
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: {issue_cycles: 6, actions: {mcc: 6, exp: 0}}}}
   |                                                                                                                  ^^^
help: did you mean `mac`?
tiny.yaml:8:127: error[value-range]: `exp` in `actions` of operation `exp` of `array` must be between 1 and 1048576; found `0`
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: {issue_cycles: 6, actions: {mcc: 6, exp: 0}}}}
   |                                                                                                                               ^
)");
}

TEST_CASE("an operation without actions") {
  CHECK(
      errors_with("exp: 2", "exp: {issue_cycles: 6, actions: {}}") ==
      R"(tiny.yaml:8:113: error[operation-without-actions]: operation `exp` of `array` has no actions; every operation says what it costs in energy
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: {issue_cycles: 6, actions: {}}}}
   |                                                                                                                 ^
help: leave `actions` out for one action of the operation's own name
)");
}

TEST_CASE("an array without operations") {
  CHECK(errors_with("{mac: 1, exp: 2}", "{}") ==
        R"(tiny.yaml:8:72: error[array-no-operations]: array `array` has no operations; a PE needs at least one
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {}}
   |                                                                        ^
)");
}

TEST_CASE("operations that are no map") {
  CHECK(errors_with("{mac: 1, exp: 2}", "[mac, exp]") ==
        R"(tiny.yaml:8:72: error[yaml-type]: `operations` of `array` must be a map; found a list
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: [mac, exp]}
   |                                                                        ^
)");
}

TEST_CASE("negative issue cycles") {
  CHECK(
      errors_with("exp: 2", "exp: -1") ==
      R"(tiny.yaml:8:86: error[value-range]: `issue_cycles` of operation `exp` of `array` must be between 0 and 1048576; found `-1`
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: -1}}
   |                                                                                      ^^
)");
}

TEST_CASE("parameters: unknown name, bad name, and no echo where a wrong one is used") {
  CHECK(errors_with("{dim: 4}", "{dim: four, 2d: 3, half: dim / 2}") ==
        R"(tiny.yaml:3:19: error[expression-unknown-name]: there is no value named `four`
 3 | parameters: {dim: four, 2d: 3, half: dim / 2}
   |                   ^^^^
help: a parameter may use the parameters before it
tiny.yaml:3:25: error[parameter-name]: parameter `2d`; a name is letters, digits and _, not starting with a digit
 3 | parameters: {dim: four, 2d: 3, half: dim / 2}
   |                         ^^
)");
}

TEST_CASE("parameters: only earlier ones are known") {
  CHECK(errors_with("{dim: 4}", "{dim: 2 * half, half: 2}") ==
        R"(tiny.yaml:3:23: error[expression-unknown-name]: there is no value named `half`
 3 | parameters: {dim: 2 * half, half: 2}
   |                       ^^^^
help: a parameter may use the parameters before it
)");
}

TEST_CASE("parameters that are no map, and no echo where they are used") {
  CHECK(errors_with("{dim: 4}", "[4]") ==
        R"(tiny.yaml:3:13: error[yaml-type]: `parameters` must be a map; found a list
 3 | parameters: [4]
   |             ^
)");
}
