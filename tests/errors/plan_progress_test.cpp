// SPDX-License-Identifier: Apache-2.0
// Plans that block themselves: found when they are lowered, or, when that did not look far enough, when it happens.
#include "errors/documents.hpp"
#include "sim/simulate.hpp"
#include "support/documents_in_tree.hpp"

namespace einloom::test {
namespace {

// Y takes the tiles of Z in another order than they are made.
const Edit kOtherOrder = in_plan("    body: [Z, Y]", "    body: [Z]\n  - loops: [n1, m1]\n    body: [Y]");

TEST_CASE("slots that are too few for the plan's own order") {
  check_all({
      {"in a memory",
       {kOtherOrder, in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 1}\n")},
       R"(plan.yaml:14:26: error[slots-too-few]: `Z` has 1 slot in `buffer`; the plan's own order needs 2, with fewer it blocks itself
 14 |   Z: {in: buffer, slots: 1}
    |                          ^
note: `Y` (n1 = 0, m1 = 1) waits for the result of `Z`
note: `Z` (m1 = 1, n1 = 0) waits for a free slot of `Z` in buffer (1 in all), held until `Y` has used it
help: give it at least 2 slots, or reorder the nests
)"},
      {"in the registers: iterations in flight",
       {kOtherOrder, in_plan("in_flight: 2", "in_flight: 1")},
       R"(plan.yaml:17:12: error[slots-too-few]: 1 iteration may be in flight; the plan's own order needs 2, with fewer it blocks itself
 17 | in_flight: 1
    |            ^
note: `Y` (n1 = 0, m1 = 1) waits for the result of `Z`
note: `Z` (m1 = 1, n1 = 0) waits for a free slot of `Z` in the registers (1 in all), held until `Y` has used it
help: let at least 2 be in flight, or keep the tensors named above in a memory
)"},
  });
}

// SN needs the maximum over all keys, so every tile of QK is live until it is there: T = 5 tiles.
std::string told_of_fused(const Overrides& overrides) {
  const std::string text = told([&] {
    AttentionShape shape{1, 1, 512, 1280, 64, 64};
    Overrides changes = overrides;
    static_cast<void>(lower(cascade_of("attention_3pass"), machine_of("flat"),
                            plan_of("attention_3pass__flat__fused", changes), shape.shape(), Dtype::bf16, {}));
  });
  return text;
}

TEST_CASE("a reduction that later passes need keeps every tile of its loop") {
  CHECK(
      told_of_fused({{"keep.QK.slots", "3"}}) ==
      R"(--set:1:15: error[slots-too-few]: `QK` has 3 slots in `global_buffer`; the plan's own order needs 5, with fewer it blocks itself
 1 | keep.QK.slots=3
   |               ^
note: `SN` (b.h.p2.p1 = 0, m1 = 0) waits for the result of `GM`
note: `GM` (b.h.p2.p1 = 0, m1 = 3) waits for the result of `QK`
note: `QK` (b.h.p2.p1 = 0, m1 = 3) waits for a free slot of `QK` in global_buffer (3 in all), held until `SD` has used it
note: `SD` (b.h.p2.p1 = 0, m1 = 0) waits for the result of `SN`
help: give it at least 5 slots, or reorder the nests
)");
  CHECK(told_of_fused({{"keep.QK.slots", "4"}})
            .find("QK` has 4 slots in `global_buffer`; the plan's own order needs 5") != std::string::npos);
  CHECK(told_of_fused({{"keep.QK.slots", "5"}}).empty());
}

// Lowering looks at the first instances only; here its result is spoilt behind its back.
TEST_CASE("a plan that blocks itself where lowering did not look") {
  const Loaded documents = loaded(edited({kOtherOrder, in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 2}\n")}));
  Program program = lowered(documents);
  for (Dependence& edge : program.dependences) {
    if (edge.kind != DependenceKind::slot || program.tensors[static_cast<std::size_t>(edge.tensor)] != "Z") continue;
    edge.shift = program.storages[static_cast<std::size_t>(edge.storage)].slots = 1;
  }
  CHECK(told([&] { static_cast<void>(simulate(program, documents.machine, {})); }) ==
        R"(plan.yaml:7:12: error[deadlock]: plan `tiny_plan` blocks itself at cycle 56: nothing can start any more
 7 |     body: [Z]
   |            ^
note: `Z` (m1 = 1, n1 = 0) waits for a free slot of `Z` in buffer (1 in all), held until `Y` has used it
note: `Y` (n1 = 0, m1 = 1) waits for the result of `Z`
note: `store Y` (n1 = 0, m1 = 1) waits for the result of `Y`
help: give the tensors named above more slots, or allow more iterations in flight
)");
}

TEST_CASE("nothing happens for too long") {
  const Loaded documents = loaded(edited({in_machine("to: row, latency: 1 cycles", "to: row, latency: 1000 cycles")}));
  SimulationOptions options;
  options.max_idle_cycles = 200;
  const Program program = lowered(documents);
  CHECK(
      told([&] { static_cast<void>(simulate(program, documents.machine, options)); }) ==
      R"(plan.yaml:7:12: error[no-progress]: plan `tiny_plan` makes no progress: since cycle 51 nothing has run or moved for 979 cycles
 7 |     body: [Z, Y]
   |            ^
note: `Z` (m1 = 1, n1 = 0) waits for a free slot of `Z` in the registers (2 in all), held until `Y` has used it
note: `Y` (m1 = 0, n1 = 0) could start only now
note: `store Y` (m1 = 0, n1 = 0) waits for the result of `Y`
help: if the machine's latencies are meant to be that long, allow more than 200 cycles with `--max-idle`
)");
  options.max_idle_cycles = 1004;  // what Z takes: 4 rows and the link
  CHECK(told([&] { static_cast<void>(simulate(program, documents.machine, options)); }) == "");
}

}  // namespace
}  // namespace einloom::test
