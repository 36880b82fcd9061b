// SPDX-License-Identifier: Apache-2.0
// Specs and models that say something impossible, run by the program.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadSpec {
  std::string name;
  std::string from, to;  // in the spec
  std::string expected;
};

void check_all(const std::vector<BadSpec>& cases) {
  const TemporaryFolder folder;
  write_documents(folder);
  for (const BadSpec& each : cases) {
    DYNAMIC_SECTION(each.name) {
      folder.write("spec.yaml", replaced(kSpec, each.from, each.to));
      const Outcome outcome = einloom_in(folder, "run spec.yaml");
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("the spec all these cases start from is right") {
  const TemporaryFolder folder;
  write_documents(folder);
  const Outcome outcome = einloom_in(folder, "run spec.yaml --format csv");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.rfind("spec,configuration,", 0) == 0);
}

TEST_CASE("specs") {
  const std::string settings = "set: {M: 8, K: 8, N: 8}\n";
  check_all({
      {"misspelt key", "set:", "sett:", R"(?)"},
      {"nothing to run", kSpec.substr(kSpec.find("configurations")), "description: none\n", R"(?)"},
      {"a rank without extent", ", N: 8", "", R"(?)"},
      {"a rank nobody has", "N: 8", "N: 8, R: 8", R"(?)"},
      {"fidelity", settings, settings + "fidelities: [cycles]\n", R"(?)"},
      {"dtype", settings, settings + "dtype: fp8\n", R"(?)"},
      {"swept and set", "M: 8, ", "model: tiny, M: 8, ", R"(?)"},
      {"range without step", settings, settings + "sweep: {K: {from: 8, to: 64}}\n", R"(?)"},
      {"range with endless steps", settings, settings + "sweep: {K: {from: 1, to: 90000000, step: 1}}\n", R"(?)"},
      {"no values", settings, settings + "sweep: {K: []}\n", R"(?)"},
      {"zipped lists of different lengths", settings, settings + "sweep: {zip: {K: [4, 8], M: [4, 8, 16]}}\n", R"(?)"},
      {"swept twice", settings, settings + "sweep: {K: [4, 8], zip: {K: [4, 8]}}\n", R"(?)"},
      {"including itself", settings, settings + "include: [./spec.yaml]\n", R"(?)"},
      {"seq_len without a model", settings, settings + "sweep: {seq_len: [8]}\n", R"(?)"},
      {"filters that leave nothing", settings, settings + "sweep: {filter: \"M > 8\"}\n", R"(?)"},
      {"plan for other documents", "./cascade.yaml", "attention_1pass", R"(?)"},
      {"waterfall without phases", settings, settings + "fidelities: [waterfall]\n", R"(?)"},
  });
}

TEST_CASE("models") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("spec.yaml", kSpec + "models: [./model.yaml]\n");
  const auto check_model = [&](const std::string& from, const std::string& to, const std::string& expected) {
    folder.write("model.yaml", replaced(kModel, from, to));
    const Outcome outcome = einloom_in(folder, "run spec.yaml");
    CHECK(outcome.err == expected);
    CHECK(outcome.exit_code == 1);
  };
  check_model("M: 8", "m: 8", R"(?)");
  check_model("[K]", "[K, M]", R"(?)");
  check_model("M: 8", "M: 8 KiB", R"(?)");
  check_model("M: 8", "M: -8", R"(?)");
}

}  // namespace
}  // namespace einloom::test
