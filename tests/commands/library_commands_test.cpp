// SPDX-License-Identifier: Apache-2.0
// Do `list` and `check` say what is in the tree, as table, CSV and JSON?
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "errors/command.hpp"

namespace einloom::test {
namespace {

TEST_CASE("the list of cascades") {
  const TemporaryFolder folder;
  const Outcome csv = einloom_in(folder, "list cascades --format csv");
  REQUIRE(csv.exit_code == 0);
  CHECK(csv.out.rfind("kind,name,paper,family,passes,state\n", 0) == 0);
  CHECK(csv.out.find(
            "\ncascade,attention_3pass,\"FuseMax (MICRO 2024), 3-pass class\",softmax,M 3,\"checked, simulates\"\n") !=
        std::string::npos);
  const Outcome json = einloom_in(folder, "list cascades --format json");
  REQUIRE(json.exit_code == 0);
  std::size_t checked = 0, rows = 0;
  for (const auto& each : nlohmann::json::parse(json.out)) {
    INFO(each.dump());
    CHECK(each["kind"] == "cascade");
    CHECK_FALSE(each["paper"].get<std::string>().empty());
    ++rows;
    checked += each["state"] == "checked, simulates" ? 1 : 0;
  }
  CHECK(rows >= 90);
  CHECK(checked > rows * 3 / 4);
  // What cannot be simulated says so: no case, or a default plan that fits no memory.
  const std::string matmul = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/matmul.yaml")->text;
  folder.write("home/einsum/cascades/matmul.yaml", matmul);
  folder.write("home/einsum/cascades/unchecked.yaml",
               replaced(matmul.substr(0, matmul.find("\ncheck:")) + "\n", "cascade: matmul", "cascade: unchecked"));
  for (const char* path : {"arch/machines/fusemax.yaml", "arch/technologies/45nm_fusemax.yaml"}) {
    std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/" + path)->text;
    const auto capacity = text.find("capacity: ");
    if (capacity != std::string::npos)
      text.replace(capacity, text.find_first_of(",}\n", capacity) - capacity, "capacity: 2 B");
    folder.write(std::string("home/") + path, text);
  }
  const Outcome small = einloom_in(folder, "list cascades --format csv", "home");
  CHECK(small.err == "");
  CHECK(small.out.find(",\"checked, not simulated: ") != std::string::npos);
  CHECK(small.out.find(",no cases\n") != std::string::npos);
  const Outcome table = einloom_in(folder, "list cascades");
  CHECK(table.out.rfind("cascade", 0) == 0);
  CHECK(table.out.find("\ngqa ") != std::string::npos);
  const Outcome machines = einloom_in(folder, "list machines --format csv");
  CHECK(machines.out.rfind("kind,name,description\nmachine,flat,", 0) == 0);
}

TEST_CASE("several cascades checked") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "check fsa matmul --csv checks.csv --json checks.json");
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.out.find("2 of 2 cascades keep what they claim, seed 1\n") != std::string::npos);
  const std::string csv = folder.read("checks.csv");
  CHECK(csv.rfind("cascade,paper,family,passes,cases,values,max_rel_error_fp64,max_rel_error_fp32,"
                  "max_rel_error_fp32_stressed,operations_equal,passes_equal,passed\n"
                  "fsa,SystolicAttention (arXiv 2507.11331),softmax,1,7,",
                  0) == 0);
  CHECK(csv.find(",yes,yes,yes\nmatmul,") != std::string::npos);
  const auto json = nlohmann::json::parse(folder.read("checks.json"));
  REQUIRE(json["cascades"].size() == 2);
  CHECK(json["cascades"][0]["cases"].size() == 7);
  CHECK(json["cascades"][0]["cases"][3]["case"] == "mask=causal B=2 E=4 F=3 H=3 M=11 M0=4 P=11");
  CHECK(json["cascades"][0]["cases"][3]["problems"].empty());
}

TEST_CASE("a form checked") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "check fsa --set cascade.options.mask=causal");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.rfind("cascade fsa: 4 cases, seed 1\n  ok    mask=causal ", 0) == 0);
}

TEST_CASE("a cascade that does not keep its claims fails, and says which") {
  const TemporaryFolder folder;
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/fsa.yaml")->text;
  text = replaced(text, "  passes: {M: 1}", "  passes: {M: 2}");
  folder.write("fsa.yaml", text);
  const Outcome outcome = einloom_in(folder, "check ./fsa.yaml matmul --csv checks.csv");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.find("1 passes over M, stated 2") != std::string::npos);
  CHECK(outcome.out.find("1 of 2 cascades keep what they claim") != std::string::npos);
  CHECK(folder.read("checks.csv").find(",yes,no,no\nmatmul,") != std::string::npos);
}

TEST_CASE("what a document does not state is not equal to it") {
  const TemporaryFolder folder;
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/matmul.yaml")->text;
  text = text.substr(0, text.find("\ncheck:")) + "\ncheck: {cases: [{shape: {T: 2, K: 3, N: 4}}]}\n";
  folder.write("matmul.yaml", text);
  const Outcome outcome = einloom_in(folder, "check ./matmul.yaml --csv checks.csv --json checks.json");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  CHECK(folder.read("checks.csv").ends_with(",not stated,not stated,yes\n"));
  const auto json = nlohmann::json::parse(folder.read("checks.json"));
  CHECK(json["cascades"][0]["cases"][0]["operations_equal"].is_null());
  CHECK(json["cascades"][0]["cases"][0]["passes_equal"].is_null());
}

TEST_CASE("what a document states in part is said to be partly stated") {
  const TemporaryFolder folder;
  const auto checked = [&](const std::string& name, const std::string& from, const std::string& to) {
    std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/" + name + ".yaml")->text;
    folder.write(name + ".yaml", replaced(text, from, to));
    const Outcome outcome = einloom_in(folder, "check ./" + name + ".yaml --csv checks.csv --json checks.json");
    CHECK(outcome.err == "");
    CHECK(outcome.exit_code == 0);
    return folder.read("checks.csv");
  };
  // A rank with several passes that is not stated, and operations that one of two cases states.
  CHECK(checked("attention_3pass", "passes: {M: 3}", "passes: {P: 1}").ends_with(",yes,partly,yes\n"));
  const auto json = nlohmann::json::parse(folder.read("checks.json"));
  CHECK(json["cascades"][0]["cases"][0]["passes_equal"] == "partly");
  std::string matmul = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/matmul.yaml")->text;
  matmul = matmul.substr(0, matmul.find("\ncheck:")) +
           "\ncheck: {passes: {K: 1}, cases: [{shape: {T: 2, K: 3, N: 4}, operations: {mac: T*K*N}}, "
           "{shape: {T: 5, K: 3, N: 4}}]}\n";
  folder.write("matmul.yaml", matmul);
  const Outcome outcome = einloom_in(folder, "check ./matmul.yaml fsa");
  CHECK(outcome.err == "");
  CHECK(outcome.out.find("  partly             equal ") != std::string::npos);
}

TEST_CASE("of several cascades, those with the option are checked in that form") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "check matmul fsa --set cascade.options.mask=causal --json checks.json");
  CHECK(outcome.err == "");
  const auto json = nlohmann::json::parse(folder.read("checks.json"));
  CHECK(json["cascades"][1]["cases"].size() == 4);
  CHECK(json["cascades"][0]["cases"].size() > 1);
}

TEST_CASE("a document that is wrong fails by itself") {
  const TemporaryFolder folder;
  const std::string matmul = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/matmul.yaml")->text;
  folder.write("home/einsum/cascades/matmul.yaml", matmul);
  folder.write("home/einsum/cascades/bad.yaml", "cascade: bad\n");
  const Outcome outcome = einloom_in(folder, "check --all --csv checks.csv", "home");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.find("1 of 2 cascades keep what they claim") != std::string::npos);
  CHECK(outcome.out.find("einsum/cascades/bad.yaml:1:1: error[missing-key]: cascade has no `ranks`") !=
        std::string::npos);
}

TEST_CASE("of several cascades named, those that can be read are checked") {
  const TemporaryFolder folder;
  folder.write("bad.yaml", "cascade: bad\n");
  const Outcome outcome = einloom_in(folder, "check ./bad.yaml matmul nosuch --csv checks.csv");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.find("1 of 3 cascades keep what they claim, seed 1\n2 of them could not be checked\n") !=
        std::string::npos);
  CHECK(outcome.out.find("cascade ./bad.yaml: FAIL\nbad.yaml:1:1: error[missing-key]: cascade has no `ranks`") !=
        std::string::npos);
  CHECK(outcome.out.find("cascade nosuch: FAIL\ncommand line:1:33: error[unknown-document]: ") != std::string::npos);
  CHECK(folder.read("checks.csv").find("\nmatmul,") != std::string::npos);
  // One alone is an error of the command.
  const Outcome alone = einloom_in(folder, "check ./bad.yaml");
  CHECK(alone.out == "");
  CHECK(alone.exit_code == 1);
}

TEST_CASE("a cascade checked and transformed at a model's extents") {
  const TemporaryFolder folder;
  folder.write("small.yaml", "model: small\nsource: test\nextents: {B: 1, H: 2, E: 4, F: 3}\nfrom_seq_len: [P, M]\n");
  const Outcome check = einloom_in(folder, "check mha --model ./small.yaml --set seq_len=6");
  CHECK(check.err == "");
  CHECK(check.out.find("  shape          B=1 E=4 F=3 H=2 M=6 P=6\n") != std::string::npos);
  CHECK(check.out.ends_with("PASS\n"));
  const Outcome transform =
      einloom_in(folder, "transform attention_3pass --minimize-passes --tile 2 --model ./small.yaml --set seq_len=6");
  CHECK(transform.err == "");
  CHECK(transform.out.find("# values at B=1 E=4 F=3 H=2 M=6 M0=2 M1=3 P=6: 36 compared") != std::string::npos);
}

TEST_CASE("a spec described with the models of its configurations") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("models.yaml", R"(spec: models
models: [bert_base, gpt2_small]
configurations:
  own: {cascade: mha, machine: fusemax, plan: default, model: llama2_7b}
  all: {cascade: mha, machine: fusemax, plan: default}
)");
  const Outcome outcome = einloom_in(folder, "describe ./models.yaml");
  CHECK(outcome.err == "");
  CHECK(outcome.out.find("own            llama2_7b  default") != std::string::npos);
  CHECK(outcome.out.find("; 3 points\n") != std::string::npos);
}

TEST_CASE("help is not wider than 100 columns") {
  const TemporaryFolder folder;
  for (const std::string command : {"", "run", "explain", "list", "describe", "check", "analyze", "transform"}) {
    INFO(command);
    const Outcome outcome = einloom_in(folder, command + " --help");
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out.find("--help") != std::string::npos);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(line.size() <= 100);
    }
  }
}

}  // namespace
}  // namespace einloom::test
