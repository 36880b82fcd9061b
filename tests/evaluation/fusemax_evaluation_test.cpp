// SPDX-License-Identifier: Apache-2.0
// Does the whole evaluation of FuseMax come out of its specs? Every point of attention, linear layers, end to end and
// Pareto at both fidelities, against the published numbers (BERT, TrXL), against what they must be for T5 (BERT with 8
// heads instead of 12), and against the published model's formulas for XLM.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>
#include <tuple>

#include "evaluation/csv_rows.hpp"
#include "experiments/experiment.hpp"
#include "experiments/results.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

constexpr double kClockHz = 940e6;
constexpr double kBytesPerSecond = 400.0 * 1024 * 1024 * 1024;
const std::vector<std::string> kConfigurations{"unfused", "flat", "cascade", "architecture", "binding"};
const std::vector<std::string> kModels{"BERT", "TrXL", "T5", "XLM"};
const std::vector<std::int64_t> kLengths{1024, 4096, 16384, 65536, 262144, 1048576};

std::string published_name(const std::string& configuration) {
  return configuration == "architecture" ? "arch" : configuration;
}

double number(const CsvRow& row, const std::string& column) {
  INFO("column " << column);
  REQUIRE(row.count(column) == 1);
  return std::stod(row.at(column));
}

// The rows of all four specs, computed once.
const std::vector<CsvRow>& all_rows() {
  static const std::vector<CsvRow> kRows = [] {
    const std::string root = EINLOOM_SOURCE_DIR;
    const Library library(root);
    std::vector<Name> names;
    for (const std::string spec : {"attention", "linear_layers", "end_to_end", "pareto"}) {
      names.push_back(Name{root + "/experiments/specs/fusemax/" + spec + ".yaml", {}});
    }
    const std::vector<Spec> specs = load_spec_trees(library, names);
    const std::vector<Point> points = resolve_points(library, specs);
    ExperimentOptions options;
    options.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const Experiment experiment = run_experiment(points, options, nullptr);
    REQUIRE(experiment.errors.empty());
    REQUIRE(experiment.failures.empty());
    std::istringstream text(Results(specs, points, experiment.results).csv());
    return csv_rows(text);
  }();
  return kRows;
}

const CsvRow& row_of(const std::string& spec, const std::string& configuration, const std::string& model,
                     std::int64_t length, const std::string& fidelity, const std::string& stage = "") {
  for (const CsvRow& row : all_rows()) {
    if (row.at("spec") == spec && row.at("configuration") == configuration && row.at("model") == model &&
        row.at("seq_len") == std::to_string(length) && row.at("fidelity") == fidelity && row.at("stage") == stage) {
      return row;
    }
  }
  FAIL("no row for " << spec << " " << configuration << " " << model << " " << length << " " << fidelity);
  throw;  // FAIL does not return
}

const CsvRow& attention(const std::string& configuration, const std::string& model, std::int64_t length,
                        const std::string& fidelity) {
  return row_of("fusemax_attention", configuration, model, length, fidelity);
}

double off(double found, double expected) { return std::abs(found / expected - 1); }

// ---- What the published numbers are, for the models without published numbers ----

struct Expected {
  double latency_s = 0, dram_bytes = 0, energy_j = 0, util_2d = 0, util_1d = 0;  // energy 0: not known
};

// The published formulas, for XLM (E = F = 128, 16 heads, batch 64, tiles of 256).
Expected xlm(const std::string& configuration, std::int64_t length) {
  const double dim = 128, heads = 64.0 * 16, side = static_cast<double>(length / 256), tiles = heads * side * side;
  const double matrix = heads * static_cast<double>(length) * dim * 2;  // bytes of Q
  const double scores = tiles * 65536 * 2;
  const auto groups = [&](double buffer, double per_tile) {  // of query tiles, by the rule for P1
    const auto fit = static_cast<std::int64_t>((buffer - 2 * 256 * 2 * dim) / per_tile);
    std::int64_t resident = std::min(fit, length / 256);
    while (length / 256 % resident != 0) --resident;
    return side / static_cast<double>(resident);
  };
  const double av = dim / side;
  const double fusemax_1d = 1 + 7 + 1 + 1 + 2 * dim + av, fusemax_2d = 2 * dim + 9;
  Expected expected;
  double cycles = 0, work_1d = 0, work_2d = 0;  // per tile
  if (configuration == "binding" || configuration == "architecture") {
    work_1d = fusemax_1d;
    work_2d = fusemax_2d;
    cycles = configuration == "binding" ? fusemax_1d : std::max(dim + 1, 1 + av) + 256 + 1 + 8 + std::max(dim, 2 * dim);
    expected.dram_bytes = matrix * (2 + 2 * groups(0x1p24, 2 * 256 * (2 * dim + 2)));
  } else if (configuration == "cascade") {
    work_1d = 256 + 1 + 2 + 1 + dim + 512 + 256 + 1 + dim + av;
    work_2d = 2 * dim;
    cycles = work_1d;
    expected.dram_bytes = matrix * (2 + 2 * groups(0x1p24, 2 * 256 * (2 * dim + 2 + 512)));
  } else {
    work_1d = 4 * 256;
    work_2d = 2 * dim;  // of all PEs; AV keeps only half of them busy, twice as long
    if (configuration == "flat") {
      // Q and K streams again per tile of the other; what is kept is read once per block of queries (flat_plans).
      const double q = length >= 16384 ? 1 : side;
      const double k = length >= 262144 ? side / 4 : side;
      const double v = length <= 4096 ? 1 : length == 65536 ? side : side / 4;
      const double spilled = length == 4096    ? 0.0690909091
                             : length == 16384 ? 0.0266159696
                             : length == 65536 ? 0.0153846154
                                               : 0;
      expected.dram_bytes = matrix * (q + k + v + 1) + scores * (length >= 262144 ? 4 : 7 * spilled);
      cycles = work_1d;
    } else {
      expected.dram_bytes = 4 * matrix + 4 * scores;
      const double tile_bytes = 65536 * 2, bytes_per_cycle = kBytesPerSecond / kClockHz;
      const double qk = std::max(dim, (tile_bytes + 2 * matrix / tiles) / bytes_per_cycle);
      cycles = std::max(1024.0, 2 * tile_bytes / bytes_per_cycle) + 2 * qk;
    }
  }
  expected.latency_s = std::max(cycles * tiles / kClockHz, expected.dram_bytes / kBytesPerSecond);
  expected.util_1d = work_1d * tiles / kClockHz / expected.latency_s;
  expected.util_2d = work_2d * tiles / kClockHz / expected.latency_s;
  return expected;
}

Expected expected_of(const std::string& configuration, const std::string& model, std::int64_t length) {
  if (model == "XLM") return xlm(configuration, length);
  const double scale = model == "T5" ? 8.0 / 12 : 1;
  for (const CsvRow& row : published_rows("fusemax_published.csv")) {
    if (row.at("configuration") != published_name(configuration) || row.at("seq_len") != std::to_string(length) ||
        row.at("model") != (model == "T5" ? "BERT" : model)) {
      continue;
    }
    return {number(row, "latency_s") * scale, number(row, "dram_traffic_bytes") * scale,
            number(row, "energy_j") * scale, number(row, "util_2d"), number(row, "util_1d")};
  }
  FAIL("no published row");
  throw;
}

template <class Check>
void for_every_point(Check&& check) {
  for (const std::string& configuration : kConfigurations) {
    for (const std::string& model : kModels) {
      for (const std::int64_t length : kLengths) {
        INFO(configuration << " " << model << " " << length);
        check(configuration, model, length);
      }
    }
  }
}

// Mean over models and lengths of baseline's value over +Binding's (or the other way round).
double mean_ratio(const std::string& spec, const std::string& stage, const std::string& fidelity,
                  const std::string& column, bool inverse) {
  double sum = 0;
  for (const std::string& model : kModels) {
    for (const std::int64_t length : kLengths) {
      const double flat = number(row_of(spec, "flat", model, length, fidelity, stage), column);
      const double own = number(row_of(spec, "binding", model, length, fidelity, stage), column);
      sum += inverse ? own / flat : flat / own;
    }
  }
  return sum / static_cast<double>(kModels.size() * kLengths.size());
}

}  // namespace

TEST_CASE("attention at fidelity waterfall: all 120 points have the published latency and utilisation") {
  double largest = 0;
  for_every_point([&](const std::string& configuration, const std::string& model, std::int64_t length) {
    const Expected expected = expected_of(configuration, model, length);
    const CsvRow& row = attention(configuration, model, length, "waterfall");
    const double latency = off(number(row, "latency_s"), expected.latency_s);
    CHECK(latency < (configuration == "unfused" && length >= 262144 ? 0.01 : 0.005));
    CHECK(std::abs(number(row, "util_array2d") - expected.util_2d) < 0.01);
    CHECK(std::abs(number(row, "util_array1d") - expected.util_1d) < 0.01);
    largest = std::max(largest, latency);
  });
  fmt::print("attention, waterfall: 120 points, latency off by at most {:.4f} %\n", 100 * largest);
}

TEST_CASE("attention at fidelity cycle: 120 points simulated; all but +Architecture have the published latency") {
  std::map<std::string, double> largest;
  for_every_point([&](const std::string& configuration, const std::string& model, std::int64_t length) {
    const CsvRow& row = attention(configuration, model, length, "cycle");
    const double latency = off(number(row, "latency_s"), expected_of(configuration, model, length).latency_s);
    largest[configuration] = std::max(largest[configuration], latency);
    // One tile at a time is faster than the published sum, by up to F of its cycles; timing tests have its closed form.
    CHECK(latency < (configuration == "architecture" ? 0.20 : 0.01));
    if (configuration == "architecture") {
      CHECK(number(row, "latency_s") < expected_of(configuration, model, length).latency_s);
    }
  });
  for (const auto& [configuration, value] : largest) {
    fmt::print("attention, cycle, {}: latency off by at most {:.4f} %\n", configuration, 100 * value);
  }
}

TEST_CASE("attention: DRAM traffic and energy are the published ones at both fidelities") {
  std::map<std::string, double> largest;
  for (const std::string fidelity : {"cycle", "waterfall"}) {
    for_every_point([&](const std::string& configuration, const std::string& model, std::int64_t length) {
      const Expected expected = expected_of(configuration, model, length);
      const CsvRow& row = attention(configuration, model, length, fidelity);
      CHECK(off(number(row, "dram_bytes"), expected.dram_bytes) <
            (configuration == "flat" && model == "XLM" ? 0.03 : 0.005));
      if (expected.energy_j == 0) return;
      const double energy = off(number(row, "energy_one_pe_registers_j"), expected.energy_j);
      largest[configuration] = std::max(largest[configuration], energy);
      // Published counts hold one more buffer read of every score at several points from 65536 tokens up, and two more
      // for +Cascade from 262144 up (186 pJ a score, 6.3 to 7.1 % of its energy): the tool's, not the plan's.
      const bool two_more = configuration == "cascade" && length >= 262144;
      CHECK(energy < (two_more ? 0.072 : length >= 65536 ? 0.04 : 0.02));
    });
  }
  for (const auto& [configuration, value] : largest) {
    fmt::print("attention, {}: energy off by at most {:.4f} %\n", configuration, 100 * value);
  }
}

TEST_CASE("attention: the 2-D array is busy with every Einsum for the published share of the time") {
  int compared = 0;
  for (const CsvRow& published : published_rows("fusemax_published_breakdown_2d.csv")) {
    const std::string& configuration = published.at("configuration");
    const CsvRow& row = attention(configuration == "arch" ? "architecture" : configuration, published.at("model"),
                                  std::stoll(published.at("seq_len")), "waterfall");
    INFO(configuration << " " << published.at("model") << " " << published.at("seq_len") << " "
                       << published.at("einsum"));
    CHECK(std::abs(number(row, "busy_array2d_" + published.at("einsum")) - number(published, "busy_fraction_2d")) <
          0.01);
    ++compared;
  }
  CHECK(compared == 168);
}

TEST_CASE("linear layers: latency, traffic and energy are the published ones at both fidelities") {
  int compared = 0;
  double largest = 0;
  for (const CsvRow& published : published_rows("fusemax_published_linear_layers.csv")) {
    for (const std::string fidelity : {"cycle", "waterfall"}) {
      INFO(published.at("machine") << " " << published.at("model") << " " << published.at("seq_len") << " "
                                   << fidelity);
      const CsvRow& row = row_of("fusemax_linear_layers", published.at("machine"), published.at("model"),
                                 std::stoll(published.at("seq_len")), fidelity, "total");
      CHECK(off(number(row, "latency_s"), number(published, "latency_s")) < 0.01);
      CHECK(number(row, "dram_bytes") == number(published, "dram_traffic_bytes"));
      CHECK(off(number(row, "energy_one_pe_registers_j"), number(published, "energy_j")) < 0.001);
      largest = std::max(largest, off(number(row, "latency_s"), number(published, "latency_s")));
      ++compared;
    }
  }
  CHECK(compared == 48);
  fmt::print("linear layers: latency off by at most {:.4f} %\n", 100 * largest);
}

TEST_CASE("end to end: a layer takes the published time") {
  std::map<std::tuple<std::string, std::string, std::string>, double> linear;
  for (const CsvRow& row : published_rows("fusemax_published_linear_layers.csv")) {
    linear[{row.at("machine"), row.at("model"), row.at("seq_len")}] = number(row, "latency_s");
  }
  for (const std::string fidelity : {"cycle", "waterfall"}) {
    double largest = 0;
    for_every_point([&](const std::string& configuration, const std::string& model, std::int64_t length) {
      if (model != "BERT" && model != "TrXL") return;
      if (fidelity == "cycle" && configuration == "architecture") return;  // as attention alone
      const bool fusemax = configuration == "architecture" || configuration == "binding";
      const double expected = expected_of(configuration, model, length).latency_s +
                              linear.at({fusemax ? "fusemax" : "flat", model, std::to_string(length)});
      const double error = off(
          number(row_of("fusemax_end_to_end", configuration, model, length, fidelity, "total"), "latency_s"), expected);
      CHECK(error < 0.01);
      largest = std::max(largest, error);
    });
    fmt::print("end to end, {}: latency off by at most {:.4f} %\n", fidelity, 100 * largest);
  }
}

TEST_CASE("Pareto: latency and area of every array are the published ones, and all are on the front") {
  int compared = 0;
  double latency = 0, area = 0;
  for (const CsvRow& row : all_rows()) {
    if (row.at("spec") != "fusemax_pareto") continue;
    CHECK(row.at("pareto") == "1");
    for (const CsvRow& published : published_rows("fusemax_published_pareto.csv")) {
      if (row.at("model") != published.at("model") || row.at("machine.parameters.dim") != published.at("array_dim")) {
        continue;
      }
      INFO(row.at("model") << " " << row.at("machine.parameters.dim") << " " << row.at("fidelity"));
      const double latency_off = off(number(row, "latency_s"), number(published, "latency_s"));
      const double area_off = off(number(row, "area_mm2"), 100 * number(published, "area_cm2"));
      CHECK(latency_off < 0.01);
      CHECK(area_off < 0.01);
      CHECK(off(number(row, "area_array2d_mm2"), 100 * number(published, "array_2d_area_cm2")) < 1e-5);
      latency = std::max(latency, latency_off);
      area = std::max(area, area_off);
      ++compared;
    }
  }
  CHECK(compared == 24);
  fmt::print("Pareto: latency off by at most {:.4f} %, area by {:.4f} %\n", 100 * latency, 100 * area);
}

TEST_CASE("the headline: FuseMax against FLAT, averaged over models and lengths") {
  for (const std::string fidelity : {"waterfall", "cycle"}) {
    const double speedup = mean_ratio("fusemax_attention", "", fidelity, "latency_s", false);
    const double energy = mean_ratio("fusemax_attention", "", fidelity, "energy_one_pe_registers_j", true);
    const double layer_speedup = mean_ratio("fusemax_end_to_end", "total", fidelity, "latency_s", false);
    const double layer_energy = mean_ratio("fusemax_end_to_end", "total", fidelity, "energy_one_pe_registers_j", true);
    fmt::print("{}: attention {:.3f}x, energy {:.2f} %; end to end {:.3f}x, energy {:.2f} %\n", fidelity, speedup,
               100 * energy, layer_speedup, 100 * layer_energy);
    CHECK(off(speedup, 6.7) < 0.01);
    CHECK(off(energy, 0.79) < 0.01);
    CHECK(off(layer_speedup, 5.3) < 0.01);
    CHECK(off(layer_energy, 0.83) < 0.015);  // FLAT's published joules hold the extra reads (above), ours do not
  }
}
