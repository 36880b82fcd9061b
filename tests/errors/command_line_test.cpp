// SPDX-License-Identifier: Apache-2.0
// Wrong arguments, settings and output folders; earlier results survive all of them.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadArguments {
  std::string arguments;
  std::string expected;
};

void check_all(const TemporaryFolder& folder, const std::vector<BadArguments>& cases) {
  for (const BadArguments& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments) {
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("wrong arguments") {
  const TemporaryFolder folder;
  write_documents(folder);
  check_all(folder, {
                        {"rum spec.yaml", R"(?)"},
                        {"run", R"(?)"},
                        {"run spec.yaml --job 2", R"(?)"},
                        {"run spec.yaml --jobs 0", R"(?)"},
                        {"run spec.yaml --jobs two", R"(?)"},
                        {"run spec.yaml --fidelity cycles", R"(?)"},
                        {"run spec.yaml --format xml", R"(?)"},
                        {"list plants", R"(?)"},
                    });
}

TEST_CASE("wrong settings") {
  const TemporaryFolder folder;
  write_documents(folder);
  check_all(folder, {
                        {"run spec.yaml --set M", R"(?)"},
                        {"run spec.yaml --set M=1,,2", R"(?)"},
                        {"run spec.yaml --set M=0", R"(?)"},
                        {"run spec.yaml --set M=many", R"(?)"},
                        {"run spec.yaml --set L=4", R"(?)"},
                        {"run spec.yaml --set size=4", R"(?)"},
                        {"run spec.yaml --set seq_len=4", R"(?)"},
                        {"run spec.yaml --set dtype=fp8", R"(?)"},
                        {"run spec.yaml --set fidelity=cycles", R"(?)"},
                        {"run spec.yaml --set configuration=all", R"(?)"},
                        {"run spec.yaml --set machine.components.buffer.size=4", R"(?)"},
                        {"run spec.yaml --set machine.components.bufer.capacity=4KiB", R"(?)"},
                        {"run spec.yaml --set machine.components.buffer.capacity=4", R"(?)"},
                        {"run spec.yaml --set 'machine.components.buffer.capacity=4 parsec'", R"(?)"},
                        {"run spec.yaml --set machine.components.buffer.capacity=64B", R"(?)"},
                        {"run spec.yaml --set plan.tiles.M0=8", R"(?)"},
                        {"check ./cascade.yaml --set M=4 --set K=4 --set N=4", R"(?)"},
                    });
}

TEST_CASE("output that cannot be written") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("taken/results.sqlite", "not a database, but long enough to have been one once upon a time");
  check_all(folder, {
                        {"run spec.yaml --out spec.yaml", R"(?)"},
                        {"run spec.yaml --out spec.yaml/below", R"(?)"},
                        {"run spec.yaml --out taken", R"(?)"},
                    });
}

TEST_CASE("a run that fails leaves earlier results as they were") {
  const TemporaryFolder folder;
  write_documents(folder);
  CHECK(einloom_in(folder, "run spec.yaml --out results").exit_code == 0);
  const std::string csv = folder.read("results/results.csv"), json = folder.read("results/results.json");
  CHECK(csv.size() > 100);
  for (const std::string arguments : {"--set M=0", "--set plan.tiles.M0=8", "--set plan=nowhere.yaml", "--jobs 0",
                                      "--set machine.components.buffer.capacity=64B"}) {
    INFO(arguments);
    const Outcome outcome = einloom_in(folder, "run spec.yaml --out results " + arguments);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err.find("error[") != std::string::npos);
    CHECK(folder.read("results/results.csv") == csv);
    CHECK(folder.read("results/results.json") == json);
  }
}

}  // namespace
}  // namespace einloom::test
