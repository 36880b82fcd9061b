// SPDX-License-Identifier: Apache-2.0
// What `analyze` says about a cascade, to the last character, and that its files say the same.
#include <nlohmann/json.hpp>

#include "base/source_file.hpp"
#include "errors/command.hpp"

namespace einloom::test {
namespace {

using Json = nlohmann::json;

const std::string kSmall = " --set B=1 --set H=1 --set P=8 --set M=16 --set E=4 --set F=4";

TEST_CASE("analyze the two-pass cascade on a machine") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "analyze attention_2pass --set M0=4 --machine fusemax" + kSmall);
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out == R"(cascade attention_2pass
  Attention with tile-local maxima corrected once they are all known, two passes over M
  FuseMax (MICRO 2024), 2-pass class (TileFlow, Choi et al.)
  shape B=1 E=4 F=4 H=1 M=16 M0=4 M1=4 P=8, bf16

  operation          count
  ─────────────────  ─────
  add                  128
  div                  128
  exp                  160
  mac                1,056
  max                  160
  mul                  128
  sub                  160
  all, a MAC as two  2,976

  2 passes over M
    pass 1: QK, LM, SLN, SLD, GM; after it CF, SD
    pass 2: A, AV
      because of GM = max(m1) …, then CF, before A reads SLN again
    passes of each tensor: K 2, V 1, QK 2, SLN 2, A 1

    live  what                               held  elements  for each  whole     bytes
    ────  ─────────────────────────────────  ────  ────────  ────────  ────────  ─────
    LM    of each tile, until after pass 1   M1           4  B·H·P     B·H·M1·P   64 B
    SLN   from pass 1 to 2; or from K again  M           16  B·H·P     B·H·M·P   256 B
    SLD   of each tile, until after pass 1   M1           4  B·H·P     B·H·M1·P   64 B
    CF    of each tile, from pass 1 to 2     M1           4  B·H·P     B·H·M1·P   64 B

  1 pass over B, H, P, E, F, nothing kept

  compulsory traffic
    read    320 B: Q 64 B, K 128 B, V 128 B
    written 64 B: AV 64 B
  arithmetic intensity: 2.75 MACs a byte, 7.75 operations a byte

  roofline of fusemax
    bound                   cycles  operations a cycle  without
    ──────────────────────  ──────  ──────────────────  ───────
    array2d alone                1             72008.7  div
    array1d alone               11               280.1
    all arrays, best split       1              5952.0
    DRAM bandwidth               1              3541.1
    bound by DRAM: no plan takes fewer than 1 cycle; the bounds meet at 13.03 operations a byte
)");
}

TEST_CASE("the files of analyze") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "analyze --all --csv all.csv --json all.json" + kSmall + " --set M0=4");
  REQUIRE(outcome.exit_code == 0);
  const Json json = Json::parse(folder.read("all.json"));
  std::map<std::string, Json> cascades;
  for (const Json& each : json["cascades"]) cascades[each["cascade"]] = each;
  const std::map<std::string, int> passes = {
      {"attention_1pass", 1}, {"attention_2pass", 2}, {"attention_3pass", 3}, {"fsa", 1}};
  for (const auto& [name, count] : passes) {
    INFO(name);
    REQUIRE(cascades.count(name) == 1);
    bool found = false;
    for (const Json& rank : cascades[name]["ranks"]) {
      if (rank["rank"] != "M") continue;
      found = true;
      CHECK(rank["passes"] == count);
      CHECK(rank["barriers"].size() == static_cast<std::size_t>(count - 1));
    }
    CHECK(found);
    CHECK(outcome.out.find("\n" + name + " ") != std::string::npos);
    CHECK(folder.read("all.csv").find("\n" + name + ",") != std::string::npos);
  }
  // Published closed forms at P 8, M 16, E 4, F 4: 128 scores, 32 tiles.
  CHECK(cascades["attention_3pass"]["operations"]["mac"] == 1024);
  CHECK(cascades["attention_1pass"]["operations"]["add"] == 288);
  CHECK(cascades["attention_1pass"]["compulsory_read_bytes"] == 2 * (8 * 4 + 16 * 4 + 16 * 4));
  CHECK(cascades["attention_1pass"]["compulsory_write_bytes"] == 2 * 8 * 4);
  CHECK(cascades["attention_3pass"]["macs_per_byte"] == 1024.0 / 384);
  CHECK(cascades["attention_3pass"]["ranks"][3]["barriers"][0]["chain"] == Json({"GM", "SN"}));
}

// experiments/README.md shows what the command prints for the three classes.
TEST_CASE("the table of the taxonomy is the command's") {
  const std::string readme = read_source(EINLOOM_SOURCE_DIR "/experiments/README.md")->text;
  const std::string start = "```sh\neinloom ";
  const auto at = readme.find(start + "analyze attention_3pass");
  REQUIRE(at != std::string::npos);
  const auto end = readme.find('\n', at + start.size());
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, readme.substr(at + start.size(), end - at - start.size()));
  REQUIRE(outcome.exit_code == 0);
  CHECK(readme.substr(end, outcome.out.size() + 20).find(outcome.out) != std::string::npos);
}

TEST_CASE("a parameter set in the cascade wins over the model") {
  const TemporaryFolder folder;
  const Outcome set =
      einloom_in(folder, "analyze sliding_window --model mistral_7b --set cascade.parameters.WINDOW=10");
  CHECK(set.out.find("\n  shape B=1 E=128 F=128 H=32 M=8192 P=8192 WINDOW=10, bf16\n") != std::string::npos);
  const Outcome last = einloom_in(
      folder, "analyze sliding_window --model mistral_7b --set cascade.parameters.WINDOW=10 --set WINDOW=12");
  CHECK(last.out.find(" WINDOW=12, bf16\n") != std::string::npos);
}

TEST_CASE("rows at a shape of their own are marked") {
  const TemporaryFolder folder;
  const Outcome all = einloom_in(folder, "analyze --all --set NX=4");
  CHECK(all.exit_code == 0);
  CHECK(all.out.find("\nmaelre_merge * ") != std::string::npos);
  CHECK(all.out.ends_with("\n* at the shape of its own first case; the common one does not fit its ranks\n"));
}

TEST_CASE("passes of what is taken apart, of look-ups, and of a fibre that nothing read before") {
  const TemporaryFolder folder;
  const auto says = [&](const std::string& cascade, const std::string& text) {
    const Outcome outcome = einloom_in(folder, "analyze " + cascade);
    CHECK(outcome.err == "");
    INFO(outcome.out);
    CHECK(outcome.out.find(text) != std::string::npos);
  };
  says("gaam", "\n  5 passes over N, in each part of M\n");
  says("ring_attention", "\n  2 passes over M\n");
  says("paged_decode", "over B, G, R, P, N, E, F, nothing kept\n");
  says("kv_decode", "      because of GM, then SN, A, before AV goes over T again, in VC\n");
}

}  // namespace
}  // namespace einloom::test
