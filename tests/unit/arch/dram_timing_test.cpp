// SPDX-License-Identifier: Apache-2.0
// Timing sets of DRAM: those of the tree, and what is said about wrong ones; address orders.
#include <catch2/catch.hpp>

#include <filesystem>

#include "arch/address_order.hpp"
#include "arch/dram_timing.hpp"
#include "unit/arch/documents.hpp"

namespace einloom::test {
namespace {

const std::string kTinyTiming = R"(dram_timing: tiny
clock: 1 GHz
organisation:
  source: test
  ranks: 2
  bank_groups: 4
  banks: 4
  rows: 1024
  columns: 64
  access: 64 B
timing:
  source: test
  nBL: 4 cycles
  nCL: 16 cycles
  nCWL: 12 cycles
  nRCDRD: 16 cycles
  nRCDWR: 15 cycles
  nRP: 16 cycles
  nRAS: 39 cycles
  nRC: 55 cycles
  nCCDS: 4 cycles
  nCCDL: 6 cycles
  nRRDS: 4 cycles
  nRRDL: 6 cycles
  nFAW: 26 cycles
  nWTRS: 3 cycles
  nWTRL: 9 cycles
  nWR: 18 cycles
  nRTP: 9 cycles
  nRTW: 2 cycles
  nRTRS: 2 cycles
  nRFC: 420 cycles
  nREFI: 9360 cycles
)";

DramTiming timing_from(const std::string& text) {
  Diagnostics diagnostics;
  DramTiming timing = load_dram_timing(parse_yaml(source_from_text("tiny_timing.yaml", text)), diagnostics);
  diagnostics.throw_if_any();
  return timing;
}

std::string timing_errors_with(const std::string& from, const std::string& to) {
  try {
    static_cast<void>(timing_from(replaced(kTinyTiming, from, to)));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a timing set is read as it is written") {
  const DramTiming timing = timing_from(kTinyTiming);
  CHECK(timing.name == "tiny");
  CHECK(timing.clock.value() == 1e9);
  CHECK(timing.banks_of_channel() == 32);
  CHECK_FALSE(timing.pseudo_channels);
  CHECK_FALSE(timing.separate_command_buses);
  CHECK(timing.act_command_cycles == 1);
  CHECK(timing.rcd_read == 16);
  CHECK(timing.rcd_write == 15);
  CHECK(timing.refi == 9360);
  CHECK(timing.peak_bandwidth() == 16e9);
}

TEST_CASE("every timing set of the tree loads under its own name") {
  std::size_t seen = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(EINLOOM_SOURCE_DIR) + "/arch/dram_timings")) {
    Diagnostics diagnostics;
    const DramTiming timing = load_dram_timing(load_yaml(entry.path()), diagnostics);
    INFO(entry.path());
    REQUIRE_NOTHROW(diagnostics.throw_if_any());
    CHECK(timing.name == entry.path().stem());
    CHECK_FALSE(timing.timing_source.empty());
    CHECK(timing.ras + timing.rp <= timing.rc + 1);  // the sum of the rounded parts
    ++seen;
  }
  CHECK(seen >= 4);
}

TEST_CASE("the peaks are those of the data sheets") {
  const auto peak = [](const std::string& name) {
    Diagnostics diagnostics;
    return load_dram_timing(load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/dram_timings/" + name + ".yaml"),
                            diagnostics)
        .peak_bandwidth();
  };
  CHECK(peak("hbm2") == 32e9);
  CHECK(peak("ddr4_2400") == 19.2e9);
  CHECK(peak("ddr4_3200") == 25.6e9);
  CHECK(peak("lpddr4_3200") == 6.4e9);
}

TEST_CASE("wrong timing sets are told apart") {
  CHECK(timing_errors_with("  nRP: 16 cycles\n", "") ==
        R"(tiny_timing.yaml:12:3: error[missing-key]: `timing` has no `nRP`; it is required
 12 |   source: test
    |   ^
)");
  CHECK(timing_errors_with("nRP: 16 cycles", "nRP: 16") ==
        R"(tiny_timing.yaml:18:8: error[unit-missing]: `nRP` must have a unit; found `16`
 18 |   nRP: 16
    |        ^^
help: write for example `3 cycles`; units: cycles, cycle
)");
  CHECK(timing_errors_with("nRP: 16 cycles", "nRPP: 16 cycles") ==
        R"(tiny_timing.yaml:12:3: error[missing-key]: `timing` has no `nRP`; it is required
 12 |   source: test
    |   ^
tiny_timing.yaml:18:3: error[unknown-key]: `timing` has no key `nRPP`
 18 |   nRPP: 16 cycles
    |   ^^^^
help: did you mean `nRP`?
)");
  CHECK(timing_errors_with("nRP: 16 cycles", "nRP: 0 cycles") ==
        R"(tiny_timing.yaml:18:8: error[value-range]: `nRP` must be between 1 and 1048576 cycles; found 0 cycles
 18 |   nRP: 0 cycles
    |        ^^^^^^^^
)");
  CHECK(
      timing_errors_with("  source: test\n  ranks", "  source: ' '\n  ranks") ==
      R"(tiny_timing.yaml:4:12: error[source-empty]: `organisation` names no source; every number of a DRAM says where it comes from
 4 |   source: ' '
   |            ^
help: name the standard and table, the tool and version, or write `assumption: …`
)");
}

TEST_CASE("dram-organisation: powers of two, one division of the channel, at most 64 banks") {
  CHECK(
      timing_errors_with("rows: 1024", "rows: 1000") ==
      R"(tiny_timing.yaml:8:9: error[dram-organisation]: `rows` is 1000; the parts of a DRAM are powers of two, so that bits of an address choose them
 8 |   rows: 1000
   |         ^^^^
help: the nearest are 512 and 1024
)");
  CHECK(timing_errors_with("access: 64 B", "access: 48 B") ==
        R"(tiny_timing.yaml:10:11: error[dram-organisation]: `access` is 48 B; an access is a power of two of bytes
 10 |   access: 48 B
    |           ^^^^
)");
  CHECK(
      timing_errors_with("ranks: 2\n", "ranks: 2\n  pseudo_channels: 2\n") ==
      R"(tiny_timing.yaml:6:20: error[dram-organisation]: `pseudo_channels` and `ranks` are both given; a channel is divided into one or the other
 6 |   pseudo_channels: 2
   |                    ^
tiny_timing.yaml:5:10: note: `ranks` given here
)");
  CHECK(
      timing_errors_with("ranks: 2", "ranks: 8") ==
      R"(tiny_timing.yaml:4:3: error[dram-organisation]: a channel has 8 × 4 × 4 = 128 banks; at most 64 can be modelled
 4 |   source: test
   |   ^
)");
}

TEST_CASE("dram-refresh-interval: a refresh ends before the next one is due") {
  CHECK(
      timing_errors_with("nREFI: 9360 cycles", "nREFI: 491 cycles") ==
      R"(tiny_timing.yaml:33:10: error[dram-refresh-interval]: `nREFI` is 491 cycles; a refresh takes up to nRC + nRP + nRFC = 491 and must end before the next one is due
 33 |   nREFI: 491 cycles
    |          ^^^^^^^^^^
)");
  CHECK(timing_errors_with("nREFI: 9360 cycles", "nREFI: 492 cycles") == "");
}

std::string order_text(const std::string& text) {
  std::string problem;
  const auto order = parse_address_order(text, problem);
  if (!order) return problem;
  static const char* kNames[] = {"Ch", "Ra", "Bg", "Ba", "Ro", "Co"};
  std::string parts;
  for (auto part = order->parts.rbegin(); part != order->parts.rend(); ++part) {
    parts += kNames[static_cast<std::size_t>(part->field)];
    if (part->bits > 0) parts += std::to_string(part->bits);
  }
  if (order->xor_source) parts += std::string("^") + kNames[static_cast<std::size_t>(*order->xor_source)];
  return parts;
}

TEST_CASE("address orders") {
  CHECK(order_text("RoBaRaCoCh") == "RoBaBgRaCoCh");
  CHECK(order_text("ChRaBaRoCo") == "ChRaBgBaRoCo");
  CHECK(order_text("MOP4CLXOR") == "RoCoBaBgRaChCo2^Co");
  CHECK(order_text("RoBgBaRaCoCh") == "RoBgBaRaCoCh");
  CHECK(order_text("RoBaRaCoCh^Ro") == "RoBaBgRaCoCh^Ro");
  CHECK(order_text("") == "has no `Ch`; every part stands once");
  CHECK(order_text("RoBaRaCo") == "has no `Ch`; every part stands once");
  CHECK(order_text("RoBaRaCoChRo") == "has `Ro` twice without a number of bits; only one takes the rest");
  CHECK(order_text("RoBaRaCo2Ch") == "gives every `Co` a number of bits; one `Co` takes the rest");
  CHECK(order_text("RoBaRaCo0Ch") == "gives a `Co` no bits; leave it out");
  CHECK(order_text("RoBaRxCoCh") == "has `Rx` where a part is expected: Ro, Ba, Bg, Ra, Co or Ch");
  CHECK(order_text("RoBaRaCoCh^Ba") == "ends with `^Ba`; `^Ro` or `^Co` may stand there");
}

}  // namespace
}  // namespace einloom::test
