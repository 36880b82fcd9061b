// SPDX-License-Identifier: Apache-2.0
// Which bits of an address choose channel, rank, bank group, bank, row and column.
//
// Written most significant part first: Ro (row), Ba (bank), Bg (bank group), Ra (rank or pseudo channel), Co (column:
// an access of a row), Ch (channel), each once. A part may be split: `RoCoBaBgRaChCo2` takes the column's lowest two
// bits below the channel and the rest of them below the row; every occurrence but one says how many bits it has.
// Without `Bg`, `Ba` stands for `BaBg`. `^Ro` or `^Co` at the end XORs channel, rank, bank group and bank, in this
// order, with the row's or the column's lowest bits. Two names are known besides:
//   MOP4CLXOR  = RoCoBaBgRaChCo2^Co   (minimalist open page; Kaseridis et al., MICRO 2011, as Ramulator 2 has it)
//   ChRaBaRoCo = ChRaBgBaRoCo
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace einloom {

enum class AddressField : std::uint8_t { channel, rank, bank_group, bank, row, column };

struct AddressOrder {
  struct Part {
    AddressField field = AddressField::row;
    int bits = 0;  // 0: all that the other occurrences leave
  };
  std::string text;
  std::vector<Part> parts;                   // least significant first
  std::optional<AddressField> xor_source{};  // row or column
};

// nullopt when `text` is no order; `problem` then says why, as the end of a sentence that names the text.
[[nodiscard]] std::optional<AddressOrder> parse_address_order(const std::string& text, std::string& problem);

}  // namespace einloom
