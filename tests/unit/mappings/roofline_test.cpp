// SPDX-License-Identifier: Apache-2.0
// Is the best split of operations over arrays found, and does DRAM take the bytes at its peak?
#include "mappings/roofline.hpp"

#include <catch2/catch.hpp>

#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

PeArray array(const std::string& name, std::int64_t pes, const std::map<std::string, std::int64_t>& issue_cycles) {
  PeArray result;
  result.name = name;
  result.columns = pes;
  for (const auto& [op, cycles] : issue_cycles) result.operations[op] = {cycles, {}, {}};
  return result;
}

Machine machine(std::vector<PeArray> arrays) {
  Machine result;
  result.clock = Hertz(1e9);
  Memory dram;
  dram.name = "dram";
  dram.kind = MemoryKind::dram;
  dram.bandwidth = BytesPerSecond(16e9);
  result.memories.push_back(dram);
  result.arrays = std::move(arrays);
  return result;
}

CompulsoryTraffic bytes(std::int64_t read, std::int64_t written) { return {{}, read, written}; }

// The cheapest split of two kinds of operations over two arrays, by trying all splits in steps of `step`.
double best_split(const OperationCounts& operations, const Machine& m, int steps) {
  double best = 1e300;
  const auto cost = [&](std::size_t a, const std::string& op) {
    const auto found = m.arrays[a].operations.find(op);
    return found == m.arrays[a].operations.end() ? 1e30 : static_cast<double>(found->second.issue_cycles);
  };
  const auto first = operations.begin(), second = std::next(first);
  for (int i = 0; i <= steps; ++i) {
    for (int j = 0; j <= steps; ++j) {
      double time[2] = {0, 0};
      const double shares[2] = {static_cast<double>(i) / steps, static_cast<double>(j) / steps};
      int which = 0;
      for (const auto& [op, count] : {*first, *second}) {
        const double share = shares[which++];
        if (share > 0) time[0] += share * static_cast<double>(count) * cost(0, op);
        if (share < 1) time[1] += (1 - share) * static_cast<double>(count) * cost(1, op);
      }
      best = std::min(best, std::max(time[0] / static_cast<double>(m.arrays[0].pes()),
                                     time[1] / static_cast<double>(m.arrays[1].pes())));
    }
  }
  return best;
}

}  // namespace

TEST_CASE("one array: operations times issue cycles by PEs") {
  const Roofline r =
      roofline({{"mac", 1000}, {"exp", 100}}, bytes(1600, 160), machine({array("a", 4, {{"mac", 1}, {"exp", 6}})}));
  CHECK(r.issue_cycles == Approx(1600.0 / 4));
  CHECK(r.arrays.at(0).cycles == Approx(400));
  CHECK(r.arrays.at(0).operations_per_cycle == Approx(2100.0 / 400));
  CHECK(r.dram_bytes_per_cycle == Approx(16));
  CHECK(r.dram_cycles == Approx(110));
  CHECK_FALSE(r.bound_by_dram());
  CHECK(r.bound_cycles() == Approx(400));
  CHECK(r.ridge == Approx(2100.0 / 400 / 16));
}

TEST_CASE("bytes bound what has few operations") {
  const Roofline r = roofline({{"add", 10}}, bytes(3200, 0), machine({array("a", 10, {{"add", 1}})}));
  CHECK(r.bound_by_dram());
  CHECK(r.bound_cycles() == Approx(200));
}

TEST_CASE("operations that no array does are named and count in no bound") {
  const Roofline r = roofline({{"mac", 8}, {"tanh", 1000}}, bytes(0, 0), machine({array("a", 4, {{"mac", 1}})}));
  CHECK(r.lacks == std::vector<std::string>{"tanh"});
  CHECK(r.arrays.at(0).lacks == std::vector<std::string>{"tanh"});
  CHECK(r.issue_cycles == Approx(2));
}

TEST_CASE("two arrays: no split of the operations is faster than the bound, and one reaches it") {
  const std::vector<std::map<std::string, std::int64_t>> tables = {
      {{"mac", 1}, {"exp", 6}}, {{"mac", 2}, {"exp", 1}}, {{"mac", 1}}, {{"mac", 3}, {"exp", 4}}, {{"exp", 1}}};
  int compared = 0;
  for (const auto& one : tables) {
    for (const auto& other : tables) {
      for (const std::int64_t pes : {1, 4, 64}) {
        const Machine m = machine({array("a", 16, one), array("b", pes, other)});
        for (const OperationCounts& operations :
             {OperationCounts{{"exp", 100}, {"mac", 100}}, OperationCounts{{"exp", 10}, {"mac", 900}}}) {
          const Roofline r = roofline(operations, bytes(0, 0), m);
          if (!r.lacks.empty()) continue;
          const double best = best_split(operations, m, 400);
          INFO(pes << " " << r.issue_cycles << " " << best);
          CHECK(r.issue_cycles <= best * (1 + 1e-12));
          CHECK(best <= r.issue_cycles * 1.02);
          ++compared;
        }
      }
    }
  }
  CHECK(compared > 100);
}

TEST_CASE("three arrays: a bound all the same") {
  const Machine m =
      machine({array("a", 1, {{"mac", 1}}), array("b", 1, {{"exp", 1}}), array("c", 2, {{"mac", 1}, {"exp", 1}})});
  const Roofline r = roofline({{"mac", 300}, {"exp", 100}}, bytes(0, 0), m);
  // 400 operations at 4 a cycle; c does 200 of the MACs.
  CHECK(r.issue_cycles == Approx(100));
}

TEST_CASE("FuseMax at 4096 tokens of BERT is bound by its arrays") {
  const Cascade cascade = cascade_of("attention_1pass");
  Shape shape;
  for (const auto& [name, value] :
       std::map<std::string, std::int64_t>{{"B", 64}, {"H", 12}, {"P", 4096}, {"M", 4096}, {"E", 64}, {"F", 64}}) {
    shape.set(name, value);
  }
  shape = cascade.bind(shape, {});
  const Roofline r = roofline(count_operations(cascade, shape), compulsory_traffic(cascade, shape, Dtype::bf16),
                              machine_of("fusemax"));
  CHECK(r.lacks.empty());
  CHECK_FALSE(r.bound_by_dram());
  // 64·12·4096·64 elements of 2 B, four times, at 400 GiB/s and 940 MHz.
  CHECK(r.dram_cycles == Approx(4.0 * 64 * 12 * 4096 * 64 * 2 / (400.0 * (1 << 30) / 940e6)));
  // PE-cycles of a tile of 256×256: E + F MACs, max, sub, add and six for exp on the scores; on the running state of a
  // query 2·F + 10 (RM 1, PRM 7, SPD 1, RD 1), and F/16 of the division at the end. All PEs can share them evenly.
  const double pe_cycles = 65536 * (64 + 64 + 3 + 6) + 256 * (2 * 64 + 10 + 64.0 / 16);
  CHECK(r.issue_cycles == Approx(64.0 * 12 * 16 * 16 * pe_cycles / (65536 + 256)));
}
