// SPDX-License-Identifier: Apache-2.0
// What a DRAM standard says about one channel: how it is divided, and how many clock cycles must lie between commands.
// Contract: all times are cycles of `clock`. "A → B, n" forbids B earlier than n cycles after A at the given scope.
// A rank is what refreshes as a whole: a rank of DDR4, a pseudo channel of HBM2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/source_file.hpp"
#include "base/units.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

struct DramTiming {
  std::string name, description;
  std::string organisation_source, timing_source;
  Hertz clock{0};
  Span span;

  // One channel.
  std::int64_t ranks = 1;                   // or pseudo channels
  std::int64_t bank_groups = 1, banks = 1;  // groups of a rank, banks of a group
  std::int64_t rows = 1, columns = 1;       // rows of a bank, accesses of a row
  std::int64_t access_bytes = 1;            // what one read or write command moves
  bool pseudo_channels = false;             // every rank has its own data bus
  bool separate_command_buses = false;      // a row command and a column command may be issued in one cycle
  std::int64_t act_command_cycles = 1;      // cycles ACT takes on its command bus; what follows counts from the last

  // The names are JEDEC's. S: another bank group of the rank; L: the same bank group.
  std::int64_t bl = 1;                       // data bus of one access
  std::int64_t cl = 1, cwl = 1;              // RD → first data, WR → first data
  std::int64_t rcd_read = 1, rcd_write = 1;  // bank: ACT → RD, ACT → WR
  std::int64_t rp = 1;                       // bank: PRE → ACT, and PRE → REF
  std::int64_t ras = 1;                      // bank: ACT → PRE
  std::int64_t rc = 1;                       // bank: ACT → ACT
  std::int64_t ccd_s = 1, ccd_l = 1;         // RD → RD, WR → WR
  std::int64_t rrd_s = 1, rrd_l = 1;         // ACT → ACT
  std::int64_t faw = 1;                      // rank: ACT → the fourth ACT after it
  std::int64_t wtr_s = 1, wtr_l = 1;         // end of written data → RD
  std::int64_t wr = 1;                       // bank: end of written data → PRE
  std::int64_t rtp = 1;                      // bank: RD → PRE
  std::int64_t turnaround = 2;               // rank: idle data bus between read and written data
  std::int64_t rank_switch = 2;              // shared data bus: idle between data of two ranks
  std::int64_t rfc = 1;                      // rank: REF → ACT
  std::int64_t refi = 1;                     // rank: REF → REF, on average

  [[nodiscard]] std::int64_t banks_of_rank() const { return bank_groups * banks; }
  [[nodiscard]] std::int64_t banks_of_channel() const { return ranks * banks_of_rank(); }
  // Bytes per second of one channel: every data bus always busy.
  [[nodiscard]] double peak_bandwidth() const {
    return static_cast<double>(access_bytes * (pseudo_channels ? ranks : 1)) * clock.value() / static_cast<double>(bl);
  }
};

// Reads a document of arch/dram_timings; reports every error into `diagnostics`: base's reader codes, source-empty,
// dram-organisation (powers of two, at most 64 banks a channel), dram-refresh-interval.
[[nodiscard]] DramTiming load_dram_timing(const YamlNode& document, Diagnostics& diagnostics);
[[nodiscard]] std::string print_dram_timing(const DramTiming& timing);  // readable description

}  // namespace einloom
