// SPDX-License-Identifier: Apache-2.0
#include "arch/dram_timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <limits>

namespace einloom {
namespace {

constexpr std::int64_t kMostBanks = 64;                     // of a channel; sim/dram keeps them as bits of a word
constexpr std::int64_t kLongest = std::int64_t{1} << 20;    // cycles between two commands
constexpr std::int64_t kMostParts = std::int64_t{1} << 24;  // rows of a bank and the like

struct TimingKey {
  const char* key;
  std::int64_t DramTiming::*value;
  std::int64_t minimum;
};

// Every key is required, in the order in which documents write them.
constexpr TimingKey kTimingKeys[] = {
    {"nBL", &DramTiming::bl, 1},
    {"nCL", &DramTiming::cl, 1},
    {"nCWL", &DramTiming::cwl, 1},
    {"nRCDRD", &DramTiming::rcd_read, 1},
    {"nRCDWR", &DramTiming::rcd_write, 1},
    {"nRP", &DramTiming::rp, 1},
    {"nRAS", &DramTiming::ras, 1},
    {"nRC", &DramTiming::rc, 1},
    {"nCCDS", &DramTiming::ccd_s, 1},
    {"nCCDL", &DramTiming::ccd_l, 1},
    {"nRRDS", &DramTiming::rrd_s, 1},
    {"nRRDL", &DramTiming::rrd_l, 1},
    {"nFAW", &DramTiming::faw, 1},
    {"nWTRS", &DramTiming::wtr_s, 0},
    {"nWTRL", &DramTiming::wtr_l, 0},
    {"nWR", &DramTiming::wr, 0},
    {"nRTP", &DramTiming::rtp, 0},
    {"nRTW", &DramTiming::turnaround, 0},
    {"nRTRS", &DramTiming::rank_switch, 0},
    {"nRFC", &DramTiming::rfc, 1},
    {"nREFI", &DramTiming::refi, 1},
};

std::string read_source_text(YamlMap& map, const std::string& of, Diagnostics& diagnostics) {
  const YamlNode node = map.require("source");
  if (!node.defined()) return {};
  const auto errors_before = diagnostics.size();
  std::string source = read_string(node, fmt::format("`source` of {}", of), diagnostics);
  const bool blank = std::all_of(source.begin(), source.end(), [](unsigned char c) { return std::isspace(c) != 0; });
  if (blank && diagnostics.size() == errors_before) {
    diagnostics
        .error("source-empty", node.span(),
               fmt::format("{} names no source; every number of a DRAM says where it comes from", of))
        .with_help("name the standard and table, the tool and version, or write `assumption: …`");
  }
  return source;
}

std::int64_t read_power(const YamlNode& node, const std::string& key, Diagnostics& diagnostics) {
  if (!node.defined()) return 1;
  const auto errors_before = diagnostics.size();
  const std::int64_t value = read_integer(node, fmt::format("`{}`", key), diagnostics, 1, kMostParts, 1);
  if (diagnostics.size() != errors_before || std::has_single_bit(static_cast<std::uint64_t>(value))) return value;
  const auto below = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(value)));
  diagnostics
      .error("dram-organisation", node.span(),
             fmt::format("`{}` is {}; the parts of a DRAM are powers of two, so that bits of an address choose them",
                         key, value))
      .with_help(fmt::format("the nearest are {} and {}", below, 2 * below));
  return 1;
}

void read_organisation(const YamlNode& node, DramTiming& timing, Diagnostics& diagnostics) {
  YamlMap map(node, "`organisation`", diagnostics);
  if (!node.is_map()) return;
  timing.organisation_source = read_source_text(map, "`organisation`", diagnostics);
  const auto errors_before = diagnostics.size();
  const YamlNode pseudo_channels = map.optional("pseudo_channels");
  const YamlNode ranks = map.optional("ranks");
  if (pseudo_channels.defined() && ranks.defined()) {
    diagnostics
        .error("dram-organisation", pseudo_channels.span(),
               "`pseudo_channels` and `ranks` are both given; a channel is divided into one or the other")
        .note("`ranks` given here", ranks.span());
  }
  timing.pseudo_channels = pseudo_channels.defined();
  timing.ranks = timing.pseudo_channels ? read_power(pseudo_channels, "pseudo_channels", diagnostics)
                                        : read_power(ranks, "ranks", diagnostics);
  timing.bank_groups = read_power(map.require("bank_groups"), "bank_groups", diagnostics);
  timing.banks = read_power(map.require("banks"), "banks", diagnostics);
  timing.rows = read_power(map.require("rows"), "rows", diagnostics);
  timing.columns = read_power(map.require("columns"), "columns", diagnostics);
  if (const YamlNode access = map.require("access"); access.defined()) {
    const auto errors_before_access = diagnostics.size();
    const std::int64_t bytes = read_bytes(access, "`access`", diagnostics).value();
    if (diagnostics.size() == errors_before_access && !std::has_single_bit(static_cast<std::uint64_t>(bytes))) {
      diagnostics.error("dram-organisation", access.span(),
                        fmt::format("`access` is {} B; an access is a power of two of bytes", bytes));
    } else if (diagnostics.size() == errors_before_access) {
      timing.access_bytes = bytes;
    }
  }
  map.finish();
  if (diagnostics.size() != errors_before || timing.banks_of_channel() <= kMostBanks) return;
  diagnostics.error("dram-organisation", node.span(),
                    fmt::format("a channel has {} × {} × {} = {} banks; at most {} can be modelled", timing.ranks,
                                timing.bank_groups, timing.banks, timing.banks_of_channel(), kMostBanks));
}

std::int64_t read_interval(const YamlNode& node, const std::string& key, std::int64_t minimum,
                           Diagnostics& diagnostics) {
  if (!node.defined()) return std::max<std::int64_t>(1, minimum);
  const auto errors_before = diagnostics.size();
  const std::int64_t cycles = read_cycles(node, fmt::format("`{}`", key), diagnostics).value();
  if (diagnostics.size() != errors_before) return std::max<std::int64_t>(1, minimum);
  if (cycles >= minimum && cycles <= kLongest) return cycles;
  diagnostics.error(
      "value-range", node.span(),
      fmt::format("`{}` must be between {} and {} cycles; found {} cycles", key, minimum, kLongest, cycles));
  return std::max<std::int64_t>(1, minimum);
}

void read_commands(const YamlNode& node, DramTiming& timing, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  YamlMap map(node, "`commands`", diagnostics);
  if (!node.is_map()) return;
  if (const YamlNode separate = map.optional("separate_buses"); separate.defined()) {
    timing.separate_command_buses = read_bool(separate, "`separate_buses`", diagnostics, false);
  }
  if (const YamlNode act = map.optional("activate"); act.defined()) {
    timing.act_command_cycles = read_interval(act, "activate", 1, diagnostics);
  }
  map.finish();
}

void read_timing(const YamlNode& node, DramTiming& timing, Diagnostics& diagnostics) {
  YamlMap map(node, "`timing`", diagnostics);
  if (!node.is_map()) return;
  timing.timing_source = read_source_text(map, "`timing`", diagnostics);
  const auto errors_before = diagnostics.size();
  YamlNode refi;
  for (const TimingKey& each : kTimingKeys) {
    const YamlNode value = map.require(each.key);
    if (each.value == &DramTiming::refi) refi = value;
    timing.*each.value = read_interval(value, each.key, each.minimum, diagnostics);
  }
  map.finish();
  // A rank must be able to finish its work, close its banks and refresh before the next refresh is due.
  const std::int64_t busy = timing.rc + timing.rp + timing.rfc;
  if (diagnostics.size() != errors_before || timing.refi > busy) return;
  diagnostics.error("dram-refresh-interval", refi.span(),
                    fmt::format("`nREFI` is {} cycles; a refresh takes up to nRC + nRP + nRFC = {} and must end before "
                                "the next one is due",
                                timing.refi, busy));
}

}  // namespace

std::string print_dram_timing(const DramTiming& timing) {
  std::string text = fmt::format("DRAM timing {}\n", timing.name);
  if (!timing.description.empty()) text += fmt::format("  {}\n", timing.description);
  text += fmt::format("\n  channel   {} {} of {} groups of {} banks, {} rows of {} accesses of {} B\n", timing.ranks,
                      timing.pseudo_channels ? "pseudo channels" : "ranks", timing.bank_groups, timing.banks,
                      timing.rows, timing.columns, timing.access_bytes);
  text += fmt::format("  source    {}\n", timing.organisation_source);
  text += fmt::format("  clock     {:.6g} MHz, at most {:.6g} GB/s\n", timing.clock.value() * 1e-6,
                      timing.peak_bandwidth() * 1e-9);
  text += fmt::format("  commands  {}, activate takes {} cycle{}\n",
                      timing.separate_command_buses ? "separate row and column buses" : "one bus",
                      timing.act_command_cycles, timing.act_command_cycles == 1 ? "" : "s");
  text += "\n  cycles   ";
  for (const TimingKey& each : kTimingKeys) text += fmt::format(" {} {}", each.key, timing.*each.value);
  return text + fmt::format("\n  source    {}\n", timing.timing_source);
}

DramTiming load_dram_timing(const YamlNode& document, Diagnostics& diagnostics) {
  DramTiming timing;
  YamlMap map(document, "DRAM timing", diagnostics);
  if (!document.is_map()) return timing;
  const YamlNode name = map.require("dram_timing");
  timing.name = read_string(name, "`dram_timing`", diagnostics);
  timing.span = name.defined() ? name.span() : document.span();
  timing.description = read_string(map.optional("description"), "`description`", diagnostics);
  if (const YamlNode clock = map.require("clock"); clock.defined()) {
    const auto errors_before = diagnostics.size();
    timing.clock = read_frequency(clock, "`clock`", diagnostics);
    if (diagnostics.size() == errors_before && timing.clock.value() < 1) {
      diagnostics.error("value-range", clock.span(), "`clock` must be at least 1 Hz; found 0");
    }
  }
  if (const YamlNode node = map.require("organisation"); node.defined()) read_organisation(node, timing, diagnostics);
  read_commands(map.optional("commands"), timing, diagnostics);
  if (const YamlNode node = map.require("timing"); node.defined()) read_timing(node, timing, diagnostics);
  map.finish();
  return timing;
}

}  // namespace einloom
