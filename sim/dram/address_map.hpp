// SPDX-License-Identifier: Apache-2.0
// Address → channel, bank and row, by the address order of a banked DRAM.
// Contract: addresses are bytes, >= 0. All parts but the row have as many bits as the DRAM has of them; a row that is
// the most significant part is not bounded (memory without end), otherwise it has the DRAM's bits, too.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/banked_dram.hpp"

namespace einloom {

struct DramPlace {
  int channel = 0;
  int bank = 0;  // of the channel: (rank · groups + group) · banks + bank
  std::int64_t row = 0;
  std::int64_t column = 0;
};

class AddressMap {
 public:
  explicit AddressMap(const BankedDram& dram);
  [[nodiscard]] DramPlace place(std::int64_t address) const;
  // Two addresses this far apart (or a multiple of it) differ in their rows only. 0: there is no such distance.
  [[nodiscard]] std::int64_t row_period() const { return row_period_; }

 private:
  struct Step {
    int field = 0;
    int bits = 0;      // taken from the address
    int position = 0;  // in the field
  };
  std::vector<Step> steps_;  // least significant first
  std::array<int, 6> bits_{};
  int access_bits_ = 0, xor_source_ = -1;
  std::int64_t row_period_ = 0;
};

}  // namespace einloom
