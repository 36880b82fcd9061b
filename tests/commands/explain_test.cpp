// SPDX-License-Identifier: Apache-2.0
// What `einloom explain` says about a small spec, to the last character, and about a published point.
#include <nlohmann/json.hpp>

#include "errors/command.hpp"

namespace einloom::test {
namespace {

using Json = nlohmann::json;

TEST_CASE("explain a small spec") {
  const TemporaryFolder folder;
  write_documents(folder);
  const Outcome outcome = einloom_in(folder, "explain spec.yaml");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out == R"(tiny/only/cycle
  87 cycles, 4 tiles, 21.8 cycles a tile

  grid              cycles   share  a tile
  ────────────────  ──────  ──────  ──────
  busy Z                32  36.8 %     8.0
  drain                 28  32.2 %     7.0
  fill                  18  20.7 %     4.5
  wait data B@dram       9  10.3 %     2.2
    └ load B             9  10.3 %     2.2

  row                                                               cycles   share  a tile
  ────────────────────────────────────────────────────────────────  ──────  ──────  ──────
  busy Y                                                                32  36.8 %     8.0
  fill                                                                  31  35.6 %     7.8
  drain                                                                 15  17.2 %     3.8
  wait transit Z                                                         5   5.7 %     1.2
    └ the way of Z out of grid row by row and over the link to row       5   5.7 %     1.2
  wait dependence Z                                                      4   4.6 %     1.0
    └ Z on grid                                                          4   4.6 %     1.0

  bound: dependence latency; nothing is near 100 % busy. The highest bound is buffer ports, 72 cycles (18.0 a tile);
         the run is 20.83 % above it
  largest wait: grid waits for B@dram, 9 cycles, 10.3 %, 2.2 a tile
  without waiting for B@dram (load B):
    grid's own work 8.0 cycles a tile, its other waits 11.5; then no run beats buffer ports, 18.0 a tile
)");
}

TEST_CASE("what --point chooses is what --set would leave") {
  const TemporaryFolder folder;
  write_documents(folder);
  const Outcome chosen = einloom_in(folder, "explain spec.yaml --set K=4,8 --point configuration=only,K=8");
  const Outcome plain = einloom_in(folder, "explain spec.yaml");
  CHECK(chosen.exit_code == 0);
  CHECK(chosen.out.substr(chosen.out.find('\n')) == plain.out.substr(plain.out.find('\n')));
}

// FuseMax's +Architecture: the 2-D array waits for the maximum, which waits for its way down the column.
TEST_CASE("a chain is followed to what the wait was for") {
  const TemporaryFolder folder;
  const Outcome outcome =
      einloom_in(folder, "explain fusemax_quickstart --point configuration=architecture,seq_len=1024 --format json");
  REQUIRE(outcome.exit_code == 0);
  const Json json = Json::parse(outcome.out);
  const std::int64_t tiles = 12288;
  CHECK(json["cycles"] == 5042147);
  CHECK(json["tiles"] == tiles);
  CHECK(json["bound"] == "dependence latency");
  CHECK(json["bounds"][0]["what"] == "array1d issue slots");
  const Json& wait = json["largest_wait"];
  CHECK(wait["array"] == "array2d");
  CHECK(wait["account"]["kind"] == "wait_dependence");
  CHECK(wait["account"]["subject"] == "RM");
  CHECK(wait["account"]["cycles"] == 3357631);
  CHECK(wait["own_work_cycles"] == 137 * tiles);
  const Json& way = wait["account"]["links"][0];
  CHECK(way["what"] == "the way of LM down the rows of array2d and over the link to array1d");
  CHECK(way["cycles"] == 192 * tiles + 256);  // three tiles of four wait for LM alone, R cycles each
}

TEST_CASE("links add up to their account, with and without fast-forward") {
  const TemporaryFolder folder;
  for (const char* options : {"--set plan.in_flight=2", "--set plan.barrier=machine", "--set M=1500 --set F=96",
                              "--set machine.components.dram.bandwidth='3 GB/s'"}) {
    INFO(options);
    const std::string command = std::string("explain fusemax_quickstart --set B=1 --set H=1 ") + options +
                                " --point configuration=architecture,seq_len=4096 --format json";
    const Outcome outcome = einloom_in(folder, command), traced = einloom_in(folder, command + " --trace t.json");
    REQUIRE(outcome.exit_code == 0);
    CHECK(outcome.out == traced.out);  // a trace steps everything
    const Json json = Json::parse(outcome.out);
    for (const Json& array : json["arrays"]) {
      std::int64_t all = 0;
      for (const Json& account : array["accounts"]) {
        INFO(account.dump());
        all += account["cycles"].get<std::int64_t>();
        if (!account["kind"].get<std::string>().starts_with("wait_") || account["kind"] == "wait_port") continue;
        std::int64_t sum = 0;
        for (const Json& link : account["links"]) sum += link["cycles"].get<std::int64_t>();
        CHECK(sum == account["cycles"]);
      }
      CHECK(all == json["cycles"]);
    }
  }
}

}  // namespace
}  // namespace einloom::test
