// SPDX-License-Identifier: Apache-2.0
// Addresses find their channel, bank and row; every address of a row period has a place of its own.
#include <catch2/catch.hpp>

#include <set>
#include <tuple>

#include "sim/dram/address_map.hpp"
#include "support/dram_runs.hpp"

namespace einloom::test {
namespace {

BankedDram small_dram(const std::string& order) {
  BankedDram dram;
  dram.channels = 2;
  dram.timing.ranks = 2;
  dram.timing.bank_groups = 2;
  dram.timing.banks = 4;
  dram.timing.rows = 16;
  dram.timing.columns = 8;
  dram.timing.access_bytes = 32;
  dram.order = order_of(order);
  return dram;
}

TEST_CASE("RoBaRaCoCh: channels alternate, then the columns of one row, then ranks, groups, banks") {
  const AddressMap map(small_dram("RoBaRaCoCh"));
  CHECK(map.place(31).channel == 0);
  CHECK(map.place(32).channel == 1);
  CHECK(map.place(64).column == 1);
  CHECK(map.place(32 * 15).bank == 0);
  CHECK(map.place(32 * 16).bank == 8);  // rank 1
  CHECK(map.place(32 * 32).bank == 4);  // group 1 of rank 0
  CHECK(map.place(32 * 64).bank == 1);  // bank 1 of group 0
  CHECK(map.place(32 * 256).bank == 0);
  CHECK(map.place(32 * 256).row == 1);
  CHECK(map.row_period() == 32 * 256);
}

TEST_CASE("MOP4CLXOR: four columns, then another bank, XORed with the column") {
  const AddressMap map(small_dram("MOP4CLXOR"));
  CHECK(map.place(0).channel == 0);
  CHECK(map.place(32).channel == 1);  // column 1
  CHECK(map.place(64).bank == 8);     // column 2: rank 1
  CHECK(map.place(64).channel == 0);
  CHECK(map.place(128).channel == 1);  // column 0, the next channel
}

TEST_CASE("no two addresses of a row period share a place; one period further only the row differs") {
  for (const std::string order : {"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh^Ro", "RoCoBaBgRaChCo2^Ro"}) {
    const BankedDram dram = small_dram(order);
    const AddressMap map(dram);
    INFO(order);
    REQUIRE(map.row_period() > 0);
    std::set<std::tuple<int, int, std::int64_t, std::int64_t>> places;
    std::int64_t step = -1;
    for (std::int64_t address = 0; address < map.row_period(); address += 32) {
      const DramPlace here = map.place(address);
      CHECK(places.insert({here.channel, here.bank, here.row, here.column}).second);
      const DramPlace there = map.place(address + map.row_period());
      CHECK(std::tuple(here.channel, here.bank, here.column) == std::tuple(there.channel, there.bank, there.column));
      if (step < 0) step = there.row - here.row;
      CHECK(there.row - here.row == step);
    }
  }
  CHECK(AddressMap(small_dram("ChRaBaRoCo")).row_period() == 0);
}

}  // namespace
}  // namespace einloom::test
