// SPDX-License-Identifier: Apache-2.0
// What `einloom run` says about tiles that were skipped by data, and that it keeps results by their seed.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

constexpr const char* kSpec = R"(spec: blocks
configurations:
  kept: {cascade: paro, machine: fusemax, plan: default, set: {H: 2, P: 64, E: 8, F: 8, M0: 4, machine.parameters.dim: 4}}
fidelities: [cycle]
)";

// From `from` to the end of its line; "" when it is not there.
std::string line_with(const std::string& text, const std::string& from) {
  const std::size_t begin = text.find(from);
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

TEST_CASE("the report names the data that decided, and its seed") {
  const TemporaryFolder folder;
  folder.write("spec.yaml", kSpec);
  const Outcome first = einloom_in(folder, "run spec.yaml --out results");
  CHECK(first.err == "");
  CHECK(first.exit_code == 0);
  CHECK(line_with(first.out, "masks from data:") == "masks from data: BM (seed 1)");
  CHECK(line_with(first.out, "dense bound:") == "");
  const std::string skipped = line_with(first.out, "without points, skipped:");
  CHECK(skipped != "");

  const Outcome second = einloom_in(folder, "run spec.yaml --out results --seed 2");
  CHECK(line_with(second.out, "masks from data:") == "masks from data: BM (seed 2)");
  CHECK(line_with(second.out, "without points, skipped:") != skipped);

  const Outcome again = einloom_in(folder, "run spec.yaml --out results");
  CHECK(line_with(again.out, "masks from data:") == "masks from data: BM (seed 1)");
  CHECK(line_with(again.out, "without points, skipped:") == skipped);

  // Once for a point, below its row where no account of its cycles follows.
  const Outcome estimated = einloom_in(folder, "run spec.yaml --fidelity waterfall");
  CHECK(line_with(estimated.out, "masks from data:") == "masks from data: BM (seed 1)");
  CHECK(line_with(estimated.out, "without points, skipped:") == skipped);
  std::string two = kSpec;
  two.replace(two.find("[cycle]"), 7, "[cycle, waterfall]");
  folder.write("both.yaml", two);
  const Outcome both = einloom_in(folder, "run both.yaml");
  const std::size_t at = both.out.find("masks from data:");
  CHECK(at != std::string::npos);
  CHECK(both.out.find("masks from data:", at + 1) == std::string::npos);

  const Outcome issued = einloom_in(folder, "run spec.yaml --set plan.empty_tiles=issue");
  CHECK(line_with(issued.out, "masks from data:") == "");
  CHECK(line_with(issued.out, "dense bound:") == "dense bound: predicate on data in QK, GM, SN, SD, A, O");
}

TEST_CASE("explain takes the seed that a run takes") {
  const TemporaryFolder folder;
  folder.write("spec.yaml", kSpec);
  const auto first_lines = [&](const std::string& arguments) {
    const Outcome outcome = einloom_in(folder, arguments);
    CHECK(outcome.err == "");
    return outcome.out.substr(0, outcome.out.find("\n\n"));
  };
  CHECK(first_lines("explain spec.yaml") == first_lines("explain spec.yaml --seed 1"));
  CHECK(first_lines("explain spec.yaml") != first_lines("explain spec.yaml --seed 2"));
}

}  // namespace
}  // namespace einloom::test
