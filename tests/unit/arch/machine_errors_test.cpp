// SPDX-License-Identifier: Apache-2.0
// Is every error of a machine document told in full, once, and at the narrowest place?
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("an unknown component kind") {
  CHECK(errors_with("kind: buffer", "kind: bufer") ==
        R"(tiny.yaml:7:18: error[component-unknown-kind]: component `buffer` is of unknown kind `bufer`
 7 |   buffer: {kind: bufer, capacity: 1 KiB, access_width: 16 B, energy: sram}
   |                  ^^^^^
help: did you mean `buffer`?
)");
}

TEST_CASE("a component without kind") {
  CHECK(errors_with("kind: buffer, ", "") ==
        R"(tiny.yaml:7:11: error[missing-key]: component `buffer` has no `kind`; it is required
 7 |   buffer: {capacity: 1 KiB, access_width: 16 B, energy: sram}
   |           ^
)");
}

TEST_CASE("a component's name is an identifier") {
  CHECK(
      errors_of(replaced(
          replaced(replaced(kTinyMachine, "  buffer: {", "  my-buffer: {"), "[dram, buffer]", "[dram, my-buffer]"),
          "[buffer, array]", "[my-buffer, array]")) ==
      R"(tiny.yaml:7:3: error[component-name]: component `my-buffer`; a name is letters, digits and _, not starting with a digit
 7 |   my-buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}
   |   ^^^^^^^^^
)");
}

TEST_CASE("a component that is no map") {
  CHECK(errors_with("{kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}", "sram") ==
        R"(tiny.yaml:7:11: error[yaml-type]: component `buffer` must be a map; found `sram`
 7 |   buffer: sram
   |           ^^^^
)");
}

TEST_CASE("a key nobody knows") {
  CHECK(errors_with("latency: 10 cycles", "latency: 10 cycles, port: 2") ==
        R"(tiny.yaml:6:62: error[unknown-key]: component `dram` has no key `port`
 6 |   dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, port: 2, access_width: 8 B, energy: dram}
   |                                                              ^^^^
help: known: kind, access_width, address_order, bandwidth, capacity, channels, energy, latency, model, page, queue, refresh, …
)");
}

TEST_CASE("a required parameter is missing") {
  CHECK(errors_with("capacity: 1 KiB, ", "") ==
        R"(tiny.yaml:7:11: error[missing-key]: component `buffer` has no `capacity`; it is required
 7 |   buffer: {kind: buffer, access_width: 16 B, energy: sram}
   |           ^
)");
}

TEST_CASE("links to unknown components") {
  CHECK(
      errors_with("between: [buffer, array]", "from: bufer, to: aray") ==
      R"(tiny.yaml:11:12: error[link-unknown-component]: `from` of a link is `bufer`; the machine has no such component
 11 |   - {from: bufer, to: aray}
    |            ^^^^^
help: did you mean `buffer`?
tiny.yaml:11:23: error[link-unknown-component]: `to` of a link is `aray`; the machine has no such component
 11 |   - {from: bufer, to: aray}
    |                       ^^^^
help: did you mean `array`?
)");
}

TEST_CASE("a link to itself") {
  CHECK(errors_with("[buffer, array]", "[buffer, buffer]") ==
        R"(tiny.yaml:11:16: error[link-to-itself]: link from `buffer` to itself; a link connects two components
 11 |   - {between: [buffer, buffer]}
    |                ^^^^^^
)");
}

TEST_CASE("a second link between the same components, in the same direction") {
  CHECK(errors_with("  - {between: [buffer, array]}",
                    "  - {between: [buffer, array]}\n  - {from: array, to: buffer, latency: 2 cycles}") ==
        R"(tiny.yaml:12:12: error[link-duplicate]: a second link from `array` to `buffer`; there is at most one
 12 |   - {from: array, to: buffer, latency: 2 cycles}
    |            ^^^^^
tiny.yaml:11:24: note: the first is here
)");
}

TEST_CASE("`between` names two components") {
  CHECK(errors_with("[buffer, array]", "[dram, buffer, array]") ==
        R"(tiny.yaml:11:15: error[link-between]: `between` names 3 components; a link connects two
 11 |   - {between: [dram, buffer, array]}
    |               ^
)");
}

TEST_CASE("`between` is a list") {
  CHECK(errors_with("[buffer, array]", "buffer") ==
        R"(tiny.yaml:11:15: error[link-between]: `between` is not a list; it names the two components of a link: [a, b]
 11 |   - {between: buffer}
    |               ^^^^^^
)");
}

TEST_CASE("`between` and `from` exclude each other") {
  CHECK(errors_with("between: [buffer, array]", "between: [buffer, array], from: dram") ==
        R"(tiny.yaml:11:32: error[unknown-key]: link has no key `from`
 11 |   - {between: [buffer, array], from: dram}
    |                                ^^^^
help: known: between, latency
)");
}

TEST_CASE("`links` is a list") {
  CHECK(errors_of(kTinyMachine.substr(0, kTinyMachine.find("links:")) + "links: none\n") ==
        R"(tiny.yaml:9:8: error[yaml-type]: `links` must be a list of links
 9 | links: none
   |        ^^^^
)");
}

TEST_CASE("components nobody reaches") {
  CHECK(
      errors_of(kTinyMachine.substr(0, kTinyMachine.find("links:")) + "links: []\n") ==
      R"(tiny.yaml:7:3: error[component-unreachable]: no chain of links leads from `dram` to `buffer`; it could hold nothing
 7 |   buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}
   |   ^^^^^^
help: add a link, such as {between: [dram, buffer]}
tiny.yaml:8:3: error[component-unreachable]: no chain of links leads from `dram` to `array`; its operands could not arrive
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |   ^^^^^
help: add a link, such as {between: [dram, array]}
)");
}

TEST_CASE("an array whose results cannot leave") {
  CHECK(
      errors_with("between: [buffer, array]", "from: buffer, to: array") ==
      R"(tiny.yaml:8:3: error[component-unreachable]: no chain of links leads from `array` to `dram`; its results could not leave
 8 |   array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |   ^^^^^
help: add a link, such as {between: [dram, array]}
)");
}

TEST_CASE("no dram") {
  CHECK(
      errors_with("kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram",
                  "kind: buffer, capacity: 1 MiB, access_width: 8 B, energy: dram") ==
      R"(tiny.yaml:1:10: error[machine-no-dram]: machine `tiny` has no component of kind dram; inputs and outputs live there
 1 | machine: tiny
   |          ^^^^
help: dram: {kind: dram, bandwidth: 400 GiB/s, latency: 100 cycles, access_width: 8 B, energy: dram}
)");
}

TEST_CASE("two drams") {
  CHECK(errors_with("links:",
                    "  hbm: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: "
                    "dram}\nlinks:\n  - {between: [hbm, buffer]}") ==
        R"(tiny.yaml:9:3: error[machine-several-drams]: `hbm` is a second component of kind dram; a machine has one
 9 |   hbm: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram}
   |   ^^^
tiny.yaml:6:3: note: `dram` is the first
)");
}

TEST_CASE("no array") {
  CHECK(
      errors_with("array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}",
                  "array: {kind: buffer, capacity: 1 MiB, access_width: 8 B, energy: sram}") ==
      R"(tiny.yaml:1:10: error[machine-no-array]: machine `tiny` has no component of kind pe_array; nothing could compute
 1 | machine: tiny
   |          ^^^^
)");
}

TEST_CASE("an empty document") {
  CHECK(errors_of("{}\n") ==
        R"(tiny.yaml:1:1: error[missing-key]: machine has no `machine`; it is required
 1 | {}
   | ^
tiny.yaml:1:1: error[missing-key]: machine has no `clock`; it is required
 1 | {}
   | ^
tiny.yaml:1:1: error[missing-key]: machine has no `technology`; it is required
 1 | {}
   | ^
tiny.yaml:1:1: error[missing-key]: machine has no `components`; it is required
 1 | {}
   | ^
tiny.yaml:1:1: error[missing-key]: machine has no `links`; it is required
 1 | {}
   | ^
)");
}

TEST_CASE("a document that is no map") {
  CHECK(errors_of("hello\n") ==
        R"(tiny.yaml:1:1: error[yaml-type]: machine must be a map; found `hello`
 1 | hello
   | ^^^^^
)");
}

TEST_CASE("the technology is not found") {
  CHECK(errors_of(kTinyMachine,
                  [](const std::string& n, const Span& s) -> YamlNode {
                    throw UserError(Diagnostic{"document-missing", "no technology `" + n + "`", s});
                  }) ==
        R"(tiny.yaml:2:13: error[document-missing]: no technology `tiny`
 2 | technology: tiny
   |             ^^^^
)");
}

TEST_CASE("several errors, in document order") {
  CHECK(errors_of(replaced(replaced(replaced(kTinyMachine, "rows: dim", "rows: 0"), "1 GHz", "1 Gz"), "[buffer, array]",
                           "[buffer, arry]")) ==
        R"(tiny.yaml:4:10: error[unit-unknown]: `Gz` is not a unit of `clock`; it must be a frequency
 4 | clock: 1 Gz
   |          ^^
help: units: Hz, kHz, MHz, GHz
tiny.yaml:8:33: error[value-range]: `rows` of `array` must be between 1 and 1048576; found `0`
 8 |   array: {kind: pe_array, rows: 0, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
   |                                 ^
tiny.yaml:11:24: error[link-unknown-component]: `between` of a link is `arry`; the machine has no such component
 11 |   - {between: [buffer, arry]}
    |                        ^^^^
help: did you mean `array`?
)");
}
