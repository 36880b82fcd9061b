// SPDX-License-Identifier: Apache-2.0
// The commands of a DRAM channel and where they go.
#pragma once

#include <cstdint>

namespace einloom {

enum class DramCommandKind : std::uint8_t {
  activate,
  precharge,
  precharge_all,  // every bank of the rank
  read,
  read_precharge,  // the bank closes by itself as soon as it may
  write,
  write_precharge,
  refresh
};

struct DramCommand {
  DramCommandKind kind = DramCommandKind::activate;
  int channel = 0;
  int rank = 0;
  int bank = 0;          // of the channel: (rank · groups + group) · banks + bank; 0 for precharge_all and refresh
  std::int64_t row = 0;  // of activate, reads and writes
};

}  // namespace einloom
