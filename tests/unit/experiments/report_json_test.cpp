// SPDX-License-Identifier: Apache-2.0
// A report survives JSON to the last bit.
#include "experiments/report_json.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace einloom {

TEST_CASE("a full report goes to JSON and back") {
  Report report;
  report.fidelity = Fidelity::waterfall;
  report.cycles = Cycles(std::int64_t{1} << 62);
  report.latency = Seconds(1.0 / 3);
  report.memory_bound = true;
  report.arrays = {{"array2d", 0.1, {{"QK", 0.3}}, {{"QK", Cycles(7)}}, {{"wait_data", "K", Cycles(3)}}}};
  report.memories = {{"dram", 1, 2, 0.5, 1.5, 0, {}}, {"buffer", 3, 4, 5, 6, 7, {{"K", 7}}}};
  report.traffic = {{"dram", "K", 1, 2}};
  report.drams = {{"dram", 1, 2, 32, 3, 4, 5, 6, 0.1, 1e9}};
  report.operations = {{"mac", 9}};
  report.energy = {{{"dram", 0.7}}, 1e300, 5e-324, 2, 3};
  report.area_mm2 = 1.25;
  report.bounds = {{"dram bandwidth", std::numeric_limits<double>::infinity(), true}};
  report.excess = {"array1d", Cycles(5), Cycles(6), {{"fill_upstream", "", Cycles(6)}}};
  report.check = {4, std::nan(""), 0.5, 0.25, "d", false, "window \"x\"\n"};
  report.phases = {{"array2d QK + LM", Cycles(8), Cycles(9)}};
  report.iterations = 10;
  report.tiles_skipped = 13;
  report.moves_skipped = 14;
  report.masks_from_data = {"BM"};
  report.data_seed = 18446744073709551615U;
  report.dense = {"QK"};
  report.tile_operations = 11;
  report.tile_operations_simulated = 12;
  report.shape = {{"M0", 256}};

  const std::string text = to_json(report).dump();
  const Report back = report_from_json(Json::parse(text));
  CHECK(to_json(back).dump() == text);
  CHECK(back.cycles == report.cycles);
  CHECK(back.latency == report.latency);
  CHECK(back.arrays.at(0).accounts.at(0).subject == "K");
  CHECK(back.energy.registers_one_pe_pj == 5e-324);
  CHECK(std::isinf(back.bounds.at(0).cycles));
  CHECK(back.bounds.at(0).of_ports);
  CHECK(back.masks_from_data == report.masks_from_data);
  CHECK(back.data_seed == report.data_seed);
  CHECK(back.dense == report.dense);
  CHECK(back.moves_skipped == 14);
  CHECK(back.phases.at(0).stall == Cycles(9));
  CHECK(std::isnan(back.check.max_abs_error));
  CHECK_FALSE(back.check.passed);
}

TEST_CASE("a member that is missing is noticed") {
  Json json = to_json(Report{});
  json.erase("cycles");
  CHECK_THROWS_AS(report_from_json(json), Json::exception);
}

}  // namespace einloom
