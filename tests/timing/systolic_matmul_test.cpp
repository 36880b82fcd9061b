// SPDX-License-Identifier: Apache-2.0
// Matrix products on an R x C array, output-, weight- and input-stationary: one tile and a stream of tiles, operands
// single and double buffered, against the forms derived in sim/README.md, "Systolic matrix products".
#include <algorithm>
#include <catch2/catch.hpp>

#include "timing/recorded_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// A stream of I tiles of T tokens through one tile of weights.
const std::string kProduct = R"(cascade: product
ranks: [I, T, K, N]
tensors:
  X: {ranks: [I, T, K], role: input}
  W: {ranks: [K, N], role: input}
  Z: {ranks: [I, T, N], role: output}
einsums:
  - Z[i,t,n] = sum(k) X[i,t,k] * W[k,n]
)";

enum class Stationary { output, weight, input };

struct Product {
  Stationary stationary = Stationary::output;
  TinyMachine machine;
  std::int64_t time = 8;  // extent of the index that is neither along rows nor along columns
  std::int64_t tiles = 1, slots = 2;

  // Extents of a tile: which index lies along the rows, along the columns and in time.
  [[nodiscard]] std::int64_t t() const {
    return stationary == Stationary::output ? machine.rows : stationary == Stationary::weight ? time : machine.columns;
  }
  [[nodiscard]] std::int64_t k() const { return stationary == Stationary::output ? time : machine.rows; }
  [[nodiscard]] std::int64_t n() const { return stationary == Stationary::input ? time : machine.columns; }

  [[nodiscard]] RecordedRun run() const {
    const std::string places[] = {"rows: t, columns: n, time: [k]", "rows: k, columns: n, time: [t]",
                                  "rows: k, columns: t, time: [n]"};
    const std::string plan = fmt::format(R"(plan: product
cascade: product
machine: tiny
nests:
  - {{loops: [i], body: [Z]}}
bind:
  Z: {{array: grid, {}}}
keep:
  X: {{in: buffer, slots: {}}}
  W: {{in: buffer, slots: 1, across: [i]}}
  Z: {{in: buffer, slots: 4}}
)",
                                         places[static_cast<int>(stationary)], slots);
    Shape shape;
    shape.set("I", tiles);
    shape.set("T", t());
    shape.set("K", k());
    shape.set("N", n());
    const Machine made = machine.machine();
    return record(lower(cascade_from(kProduct), made, plan_from(plan), shape, Dtype::bf16, {}), made);
  }
  [[nodiscard]] std::string text() const {
    return fmt::format("{} stationary, {}x{}, {} in time, {} tiles, {} slots, DRAM latency {}",
                       stationary == Stationary::output   ? "output"
                       : stationary == Stationary::weight ? "weight"
                                                          : "input",
                       machine.rows, machine.columns, time, tiles, slots, machine.dram_latency);
  }
};

// Derivation in sim/README.md. R, C: rows and columns; d = time: issue cycles of a tile; L: latencies of DRAM and
// buffer; x, w, z: bus cycles of a tile of X, W and Z (16 bytes a cycle, 2 bytes an element).
struct Forms {
  std::int64_t first = 0;    // start of the first product
  std::int64_t single = 0;   // cycles between starts, operands single buffered
  std::int64_t doubled = 0;  // and double buffered
  std::int64_t way_out = 0;  // from the end of a product until its store is over and in DRAM
};

Forms forms(const Product& p) {
  const std::int64_t r = p.machine.rows, c = p.machine.columns, d = p.time;
  const std::int64_t latency = p.machine.dram_latency + p.machine.buffer_latency;
  const std::int64_t x = p.t() * p.k() * 2 / 16, w = p.k() * p.n() * 2 / 16, z = p.t() * p.n() * 2 / 16;
  const bool output = p.stationary == Stationary::output, input = p.stationary == Stationary::input;
  const std::int64_t preload_x = input ? r - 1 : 0, preload_w = p.stationary == Stationary::weight ? r - 1 : 0;
  // The last PE that reads X: along the rows, and the columns where X is stationary.
  const std::int64_t freed = r - 1 + (input ? c - 1 : 0);
  Forms forms;
  forms.first = std::max(x + latency + preload_x, x + w + latency + preload_w);
  // Free the slot, load, preload, multiply.
  forms.single = freed + x + latency + preload_x + d;
  // Two products share what one needs.
  forms.doubled = std::max(d, (forms.single + 1) / 2);
  forms.way_out = (r - 1 + c - 1) + (output ? r : 0) + p.machine.buffer_latency + z + p.machine.dram_latency;
  return forms;
}

template <class Check>
void for_each_product(Check&& check) {
  for (const Stationary stationary : {Stationary::output, Stationary::weight, Stationary::input}) {
    for (const auto& [rows, columns] : {std::pair{1, 8}, {8, 1}, {4, 4}, {2, 8}, {8, 2}, {8, 8}, {4, 16}, {16, 8}}) {
      for (const std::int64_t latency : {0, 7, 50}) {
        for (const std::int64_t time : {8, 16, 64, 160, 400}) {
          Product product;
          product.stationary = stationary;
          product.machine.rows = rows;
          product.machine.columns = columns;
          product.machine.dram_latency = latency;
          product.machine.ports = 4096;  // ports are another test's business
          product.machine.queue = 1 << 20;
          product.time = time;
          check(product);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("one product of each kind: start, end and way out") {
  int compared = 0;
  for_each_product([&](Product product) {
    INFO(product.text());
    const RecordedRun run = product.run();
    const Forms expected = forms(product);
    REQUIRE(run.of.at("Z").size() == 1);
    CHECK(run.of.at("Z").front() == Lifetime{expected.first, expected.first + product.time});
    CHECK(run.report.cycles.value() == expected.first + product.time + expected.way_out);
    ++compared;
  });
  fmt::print("{} single products\n", compared);
  CHECK(compared == 360);
}

TEST_CASE("a stream of products, operands single buffered: a period of free, load, preload and multiply") {
  int compared = 0;
  for_each_product([&](Product product) {
    product.tiles = 6;
    product.slots = 1;
    INFO(product.text());
    const RecordedRun run = product.run();
    const Forms expected = forms(product);
    // Stores must not meet loads on the bus: they would take turns.
    const std::int64_t x = product.t() * product.k() * 2 / 16, z = product.t() * product.n() * 2 / 16;
    const std::int64_t store = expected.way_out - z - product.machine.dram_latency;
    const std::int64_t load = expected.single - product.time - x - product.machine.dram_latency -
                              product.machine.buffer_latency -
                              (product.stationary == Stationary::input ? product.machine.rows - 1 : 0);
    const std::int64_t shift = (store - load) % expected.single;
    if (shift < x || shift + z > expected.single) return;
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(run.of.at("Z")[i].start == expected.first + static_cast<std::int64_t>(i) * expected.single);
    }
    ++compared;
  });
  fmt::print("{} streams, single buffered\n", compared);
  CHECK(compared > 100);
}

TEST_CASE("a stream of products, operands double buffered: one after the other where the operands keep up") {
  int compared = 0;
  for_each_product([&](Product product) {
    product.tiles = 6;
    INFO(product.text());
    const Forms expected = forms(product);
    const std::int64_t x = product.t() * product.k() * 2 / 16, z = product.t() * product.n() * 2 / 16;
    if (expected.doubled > product.time || x + z + 1 > product.time / 2) return;  // bound by latency or by the bus
    const RecordedRun run = product.run();
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(run.of.at("Z")[i].start == expected.first + static_cast<std::int64_t>(i) * product.time);
    }
    ++compared;
  });
  fmt::print("{} streams, double buffered\n", compared);
  CHECK(compared > 30);
}
