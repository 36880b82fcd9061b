// SPDX-License-Identifier: Apache-2.0
// Did a published number of FuseMax move? Every point of +Binding and +Architecture against fusemax_published.csv, and
// the models without published numbers against the formulas that those numbers follow.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

constexpr double kClockHz = 940e6;
constexpr double kBytesPerSecond = 400.0 * 1024 * 1024 * 1024;
constexpr std::int64_t kBufferBytes = std::int64_t{16} << 20;
constexpr std::int64_t kDim = 256;
constexpr std::int64_t kBatch = 64;
const std::vector<std::int64_t> kLengths{1024, 4096, 16384, 65536, 262144, 1048576};

struct Published {
  std::string configuration, model;
  std::int64_t seq_len = 0;
  double dram_bytes = 0, latency_s = 0, energy_j = 0, util_2d = 0, util_1d = 0;
};

std::vector<Published> published(const std::string& configuration) {
  std::ifstream file(std::string(EINLOOM_SOURCE_DIR) + "/tests/golden/fusemax_published.csv");
  REQUIRE(file.good());
  std::vector<Published> rows;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#' || line.rfind("configuration,", 0) == 0) continue;
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    Published row;
    fields >> row.configuration >> row.model >> row.seq_len >> row.dram_bytes >> row.latency_s >> row.energy_j >>
        row.util_2d >> row.util_1d;
    REQUIRE(fields);
    if (row.configuration == configuration) rows.push_back(row);
  }
  REQUIRE(rows.size() == 12);
  return rows;
}

struct Model {
  std::int64_t heads, dim;  // E = F = dim
};
Model model_of(const std::string& name) {
  if (name == "BERT") return {12, 64};
  if (name == "TrXL") return {16, 64};
  if (name == "T5") return {8, 64};
  return {16, 128};  // XLM
}

Report run(const std::string& plan, const Model& model, std::int64_t length, Fidelity fidelity) {
  static const Cascade cascade = cascade_of("attention_1pass");
  static const Machine machine = machine_of("fusemax");
  const AttentionShape shape{kBatch, model.heads, length, length, model.dim, model.dim};
  SimulationOptions options;
  options.fidelity = fidelity;
  return simulate(lower(cascade, machine, plan_of(plan), shape.shape(), Dtype::bf16, {}), machine, options);
}

double dram_bytes(const Report& report) {
  const MemoryReport& dram = *report.find_memory("dram");
  return static_cast<double>(dram.read_bytes + dram.write_bytes);
}

std::int64_t cycles_of(const std::vector<Account>& accounts) {
  std::int64_t sum = 0;
  for (const Account& account : accounts) sum += account.cycles.value();
  return sum;
}

void check_accounts(const Report& report) {
  for (const ArrayReport& array : report.arrays) CHECK(cycles_of(array.accounts) == report.cycles.value());
  std::int64_t most = 0;
  for (const ArrayReport& array : report.arrays) most = std::max(most, charged(array.accounts, "busy"));
  CHECK(report.excess.work.value() == most);
  CHECK(report.excess.excess.value() == report.cycles.value() - most);
  CHECK(cycles_of(report.excess.parts) == report.cycles.value() - most);
}

// ---- The formulas behind the published numbers ----

// Query tiles resident beside the double-buffered K and V tiles, published rule: the largest divisor of P/P0 not above
// ⌊(buffer − 2·M0·(E + F)) / (2·P0·(E + F + 2))⌋; a query keeps Q (E), RNV (F), RM and RD, 2 bytes each.
std::int64_t resident_tiles(const Model& model, std::int64_t length) {
  const std::int64_t fit = (kBufferBytes - 2 * kDim * 2 * model.dim) / (2 * kDim * (2 * model.dim + 2));
  std::int64_t tiles = std::min(fit, length / kDim);
  while (length / kDim % tiles != 0) --tiles;
  return tiles;
}

// Q in and AV out once; K and V in once for each group of resident query tiles.
double formula_dram_bytes(const Model& model, std::int64_t length) {
  const double groups = static_cast<double>(length / kDim) / static_cast<double>(resident_tiles(model, length));
  const double matrix = static_cast<double>(kBatch * model.heads * length * model.dim) * 2;
  return matrix * (2 + 2 * groups);
}

double tiles_of(const Model& model, std::int64_t length) {
  const double side = static_cast<double>(length / kDim);
  return static_cast<double>(kBatch * model.heads) * side * side;
}

// Issue cycles of one tile. 2-D: QK E, LM 1, SLN 7, SLD 1, SLNV F. 1-D: RM 1, PRM 7, SPD 1, RD 1, SPNV F, RNV F, and AV
// F once per M1 tiles.
double work_2d(const Model& model) { return static_cast<double>(2 * model.dim + 9); }
double work_1d(const Model& model, std::int64_t length) {
  const double d = static_cast<double>(model.dim);
  return 1 + 7 + 1 + 1 + d + d + d / static_cast<double>(length / kDim);
}

// +Binding: max(QK + LM, RD + RNV + AV/M1) + RM + max(SLN + SLD, PRM + SPD) + max(SLNV, SPNV). With E = F the first
// term is E + 1 + E/M1, so the sum is 2E + 10 + E/M1: the 1-D array's own work.
double binding_cycles_per_tile(const Model& model, std::int64_t length) {
  const double d = static_cast<double>(model.dim), av = d / static_cast<double>(length / kDim);
  return std::max(d + 1, 1 + d + av) + 1 + std::max(7.0 + 1, 7.0 + 1) + std::max(d, d);
}
// +Architecture: max(QK + LM, RD + AV/M1) + 256 + RM + max(SLN + SLD, PRM + SPD) + max(SLNV, SPNV + RNV).
double architecture_cycles_per_tile(const Model& model, std::int64_t length) {
  const double d = static_cast<double>(model.dim), av = d / static_cast<double>(length / kDim);
  return std::max(d + 1, 1 + av) + 256 + 1 + std::max(7.0 + 1, 7.0 + 1) + std::max(d, d + d);
}

double formula_latency(double cycles, double bytes) { return std::max(cycles / kClockHz, bytes / kBytesPerSecond); }

// Accounting of the published joules: rows of 256 words moved at the buffer, DRAM words of 8 bytes, operations, and the
// registers of one PE of each array (left out here: below 1e-6 of the total).
double formula_energy_j(const Model& model, std::int64_t length) {
  const double d = static_cast<double>(model.dim), tiles = tiles_of(model, length);
  const double n = static_cast<double>(kBatch * model.heads) * static_cast<double>(length);  // queries
  const double m1 = static_cast<double>(length / kDim);
  const double groups = m1 / static_cast<double>(resident_tiles(model, length));
  const double scores = tiles * kDim * kDim, states = n * m1;
  // Buffer words read: Q and RNV per m1; K and V per tile; RM and RD per m1; RNV and RD once more at the end.
  const double read = states * (2 * d + 2) + tiles * kDim * 2 * d + n * (d + 1);
  // Written: Q once, K and V once per group of query tiles; RNV, RM and RD per m1.
  const double written = n * d * (1 + 2 * groups) + states * (d + 2);
  // Scores: E MACs (QK), max (LM), subtract and 6 MACs (SLN), add (SLD), F MACs (SLNV).
  const double scores_pj = (2 * d + 6) * 17.1645 + 0.028036 + 2 * 8.3395;
  // States: max (RM); subtract and 6 MACs (PRM); multiply (SPD), add (RD); F multiplies (SPNV), F adds (RNV).
  const double states_pj = 0.028036 + 8.3395 + 6 * 17.1645 + 17.1645 + 8.3395 + d * (17.1645 + 8.3395);
  const double pj = formula_dram_bytes(model, length) / 8 * 249.6 + read / 256 * 12512.76 + written / 256 * 15751.46 +
                    scores * scores_pj + states * states_pj + n * d * 36.251;
  return pj * 1e-12;
}

double off(double found, double expected) { return found / expected - 1; }

struct Largest {
  double latency = 0, utilisation = 0, energy = 0;
  void print(const std::string& what) const {
    fmt::print("{}: latency off by at most {:.4f} %, utilisation by {:.5f}, energy by {:.4f} %\n", what, 100 * latency,
               utilisation, 100 * energy);
  }
};

}  // namespace

TEST_CASE("+Binding, fidelity cycle, agrees with every published point") {
  Largest largest;
  for (const Published& row : published("binding")) {
    const Report report = run(kInterleaved, model_of(row.model), row.seq_len, Fidelity::cycle);
    INFO(row.model << " " << row.seq_len);
    const double latency = static_cast<double>(report.cycles.value()) / kClockHz;
    const double energy = report.energy.total_one_pe_pj * 1e-12;
    const double util_2d = report.find_array("array2d")->utilisation;
    const double util_1d = report.find_array("array1d")->utilisation;
    CHECK(std::abs(off(latency, row.latency_s)) < 0.01);
    CHECK(std::abs(util_2d - row.util_2d) < 0.01);
    CHECK(std::abs(util_1d - row.util_1d) < 0.01);
    CHECK(dram_bytes(report) == row.dram_bytes);
    CHECK(std::abs(off(energy, row.energy_j)) < 0.01);
    check_accounts(report);
    largest.latency = std::max(largest.latency, std::abs(off(latency, row.latency_s)));
    largest.energy = std::max(largest.energy, std::abs(off(energy, row.energy_j)));
    largest.utilisation =
        std::max({largest.utilisation, std::abs(util_2d - row.util_2d), std::abs(util_1d - row.util_1d)});
  }
  largest.print("+Binding, cycle");
}

TEST_CASE("both configurations, fidelity waterfall, agree with every published point") {
  for (const auto& [configuration, plan] : {std::pair{"binding", kInterleaved}, {"arch", kSerial}}) {
    Largest largest;
    for (const Published& row : published(configuration)) {
      const Report report = run(plan, model_of(row.model), row.seq_len, Fidelity::waterfall);
      INFO(configuration << " " << row.model << " " << row.seq_len);
      const double energy = report.energy.total_one_pe_pj * 1e-12;
      const double util_2d = report.find_array("array2d")->utilisation;
      const double util_1d = report.find_array("array1d")->utilisation;
      CHECK(std::abs(off(report.latency.value(), row.latency_s)) < 0.001);
      CHECK(util_2d == Approx(row.util_2d).margin(1e-3));
      CHECK(util_1d == Approx(row.util_1d).margin(1e-3));
      CHECK(dram_bytes(report) == row.dram_bytes);
      CHECK(std::abs(off(energy, row.energy_j)) < 0.01);
      largest.latency = std::max(largest.latency, std::abs(off(report.latency.value(), row.latency_s)));
      largest.energy = std::max(largest.energy, std::abs(off(energy, row.energy_j)));
      largest.utilisation =
          std::max({largest.utilisation, std::abs(util_2d - row.util_2d), std::abs(util_1d - row.util_1d)});
    }
    largest.print(fmt::format("{}, waterfall", configuration));
  }
}

// The formulas are trusted for T5 and XLM because they give what is published for BERT and TrXL.
TEST_CASE("the formulas give the published numbers") {
  for (const auto& configuration : {"binding", "arch"}) {
    for (const Published& row : published(configuration)) {
      INFO(configuration << " " << row.model << " " << row.seq_len);
      const Model model = model_of(row.model);
      const double per_tile = row.configuration == "binding" ? binding_cycles_per_tile(model, row.seq_len)
                                                             : architecture_cycles_per_tile(model, row.seq_len);
      const double cycles = tiles_of(model, row.seq_len) * per_tile;
      CHECK(formula_dram_bytes(model, row.seq_len) == row.dram_bytes);
      CHECK(formula_latency(cycles, row.dram_bytes) == Approx(row.latency_s).epsilon(1e-9));
      CHECK(work_2d(model) / per_tile == Approx(row.util_2d).epsilon(1e-9));
      CHECK(work_1d(model, row.seq_len) / per_tile == Approx(row.util_1d).epsilon(1e-9));
      CHECK(formula_energy_j(model, row.seq_len) == Approx(row.energy_j).epsilon(0.01));
    }
  }
}

TEST_CASE("T5 and XLM agree with the formulas") {
  Largest largest;
  for (const auto& name : {"T5", "XLM"}) {
    for (const std::int64_t length : kLengths) {
      INFO(name << " " << length);
      const Model model = model_of(name);
      const double bytes = formula_dram_bytes(model, length), tiles = tiles_of(model, length);
      const double binding = formula_latency(tiles * binding_cycles_per_tile(model, length), bytes);
      const Report report = run(kInterleaved, model, length, Fidelity::cycle);
      const double latency = static_cast<double>(report.cycles.value()) / kClockHz;
      const double util_2d = tiles * work_2d(model) / (binding * kClockHz);
      const double util_1d = tiles * work_1d(model, length) / (binding * kClockHz);
      const double energy = report.energy.total_one_pe_pj * 1e-12;
      CHECK(std::abs(off(latency, binding)) < 0.01);
      CHECK(report.find_array("array2d")->utilisation == Approx(util_2d).margin(0.01));
      CHECK(report.find_array("array1d")->utilisation == Approx(util_1d).margin(0.01));
      CHECK(dram_bytes(report) == bytes);
      CHECK(std::abs(off(energy, formula_energy_j(model, length))) < 0.01);
      check_accounts(report);
      largest.latency = std::max(largest.latency, std::abs(off(latency, binding)));
      largest.energy = std::max(largest.energy, std::abs(off(energy, formula_energy_j(model, length))));
      largest.utilisation =
          std::max({largest.utilisation, std::abs(report.find_array("array2d")->utilisation - util_2d),
                    std::abs(report.find_array("array1d")->utilisation - util_1d)});
      const double architecture = formula_latency(tiles * architecture_cycles_per_tile(model, length), bytes);
      CHECK(run(kInterleaved, model, length, Fidelity::waterfall).latency.value() == Approx(binding).epsilon(0.001));
      CHECK(run(kSerial, model, length, Fidelity::waterfall).latency.value() == Approx(architecture).epsilon(0.001));
    }
  }
  largest.print("T5 and XLM, cycle");
}

TEST_CASE("the buffer's peak does not depend on the sequence length") {
  for (const auto& name : {"BERT", "TrXL", "T5", "XLM"}) {
    for (const std::string& plan : {kInterleaved, kSerial}) {
      INFO(name << " " << plan);
      const auto peak = [&](std::int64_t length) {
        return run(plan, model_of(name), length, Fidelity::cycle).find_memory("global_buffer")->peak_bytes;
      };
      CHECK(peak(65536) == peak(1048576));
      CHECK(peak(65536) < kBufferBytes);
      CHECK(peak(65536) > kBufferBytes / 2);  // it is used, too
    }
  }
}

// What the serial plan takes when it is simulated as written: see tests/timing for the closed form.
TEST_CASE("+Architecture, fidelity cycle: 394 cycles per BERT tile in the long run, where 458 are published") {
  const Model bert = model_of("BERT");
  for (const std::int64_t length : {65536, 1048576}) {
    const Report report = run(kSerial, bert, length, Fidelity::cycle);
    CHECK(static_cast<double>(report.cycles.value()) / tiles_of(bert, length) == Approx(394).epsilon(0.001));
    check_accounts(report);
  }
  CHECK(architecture_cycles_per_tile(bert, 1048576) == 458);
}
