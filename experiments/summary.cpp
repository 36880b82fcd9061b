// SPDX-License-Identifier: Apache-2.0
#include "experiments/summary.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "einsum/passes.hpp"
#include "experiments/text_table.hpp"

namespace einloom {

namespace {

using Align = TextTable::Align;
using Line = ResultLine;

// The columns that tell points apart. A key that never changes is left out, except for the first two.
class Labels {
 public:
  Labels(const std::vector<Line>& lines, bool with_fidelity) {
    add("configuration", Align::left, [](const Point& point) { return point.configuration; });
    add("stage", Align::left, [](const Point& point) { return point.stage; });  // tables leave empty columns out
    add_if_varied(lines, "model", [](const Point& point) { return point.model; });
    add_if_varied(lines, "cascade", [](const Point& point) { return point.cascade_name(); });
    add_passes_if_varied(lines);
    add_if_varied(lines, "machine", [](const Point& point) { return point.machine->name; });
    add_if_varied(lines, "dtype", [](const Point& point) { return std::string(name_of(point.dtype)); });
    std::vector<std::string> keys;
    for (const Line& line : lines) {
      for (const auto& [key, value] : line.point->swept) {
        if (std::count(keys.begin(), keys.end(), key) == 0 && key != "dtype") keys.push_back(key);
      }
    }
    const bool any_seq_len =
        std::any_of(lines.begin(), lines.end(), [](const Line& l) { return l.point->seq_len.has_value(); });
    if (any_seq_len && std::count(keys.begin(), keys.end(), "seq_len") == 0) keys.insert(keys.begin(), "seq_len");
    for (const std::string& key : keys) {
      add(key, Align::right, [key](const Point& point) {
        if (key == "seq_len" && point.seq_len) return with_separators(*point.seq_len);
        const auto extent = point.extents.find(key);  // a formula's value
        if (extent != point.extents.end()) return fmt::format("{}", extent->second);
        for (const auto& [swept, value] : point.swept) {
          if (swept == key) return value;
        }
        return std::string();
      });
    }
    if (with_fidelity)
      add("fidelity", Align::left, [](const Point& point) { return std::string(name_of(point.fidelity)); });
  }

  void add_columns(TextTable& table) const {
    for (const Label& label : labels_) table.add_column(label.header, label.align);
  }
  // "model BERT, machine fusemax": what all points share.
  [[nodiscard]] const std::string& common() const { return common_; }
  [[nodiscard]] std::vector<std::string> cells(const Point& point) const {
    std::vector<std::string> cells;
    for (const Label& label : labels_) cells.push_back(label.text(point));
    return cells;
  }

 private:
  using Text = std::function<std::string(const Point&)>;
  struct Label {
    std::string header;
    Align align;
    Text text;
  };
  void add(std::string header, Align align, Text text) {
    labels_.push_back({std::move(header), align, std::move(text)});
  }
  void add_if_varied(const std::vector<Line>& lines, const char* header, const Text& text) {
    std::set<std::string> values;
    for (const Line& line : lines) {
      if (!line.is_total()) values.insert(text(*line.point));
    }
    if (values.size() > 1) {
      add(header, Align::left, text);
    } else if (!values.begin()->empty()) {
      common_ += fmt::format("{}{} {}", common_.empty() ? "" : ", ", header, *values.begin());
    }
  }
  // Of cascades that differ in them.
  void add_passes_if_varied(const std::vector<Line>& lines) {
    std::map<const Cascade*, std::string> texts;
    std::set<std::string> values;
    for (const Line& line : lines) {
      const Cascade* cascade = line.point->cascade.get();
      if (!cascade) continue;
      if (!texts.contains(cascade)) texts[cascade] = passes_text(*cascade);
      values.insert(texts[cascade]);
    }
    if (values.size() < 2) return;
    add("passes", Align::left, [texts = std::move(texts)](const Point& point) {
      const auto found = texts.find(point.cascade.get());
      return found == texts.end() ? std::string() : found->second;
    });
  }
  std::vector<Label> labels_;
  std::string common_;
};

template <class Get>
std::vector<std::string> union_of_names(const std::vector<Line>& lines, const Get& get) {
  std::vector<std::string> names;
  for (const Line& line : lines) {
    for (const auto& part : get(*line.result->report)) {
      if (std::count(names.begin(), names.end(), part.name) == 0) names.push_back(part.name);
    }
  }
  return names;
}

// What predicates left out, and what they could not because they are data.
std::string tiles_text(const Report& report) {
  std::string text;
  if (report.tiles_skipped + report.moves_skipped > 0) {
    text += fmt::format("\nwithout points, skipped: {} tile operations ({} issued), {} moves",
                        with_separators(report.tiles_skipped), with_separators(report.tile_operations),
                        with_separators(report.moves_skipped));
  }
  if (!report.masks_from_data.empty()) {
    text += fmt::format("\nmasks from data: {}", fmt::join(report.masks_from_data, ", "));
    if (report.data_seed) text += fmt::format(" (seed {})", *report.data_seed);
  }
  if (!report.dense.empty()) {
    text += fmt::format("\ndense bound: predicate on data in {}", fmt::join(report.dense, ", "));
  }
  return text;
}

bool same_but_fidelity(const Point& one, const Point& other) {
  return other.configuration == one.configuration && other.stage == one.stage && other.model == one.model &&
         other.swept == one.swept && other.seq_len == one.seq_len;
}

// Of a point whose cycles are not accounted for below its row's table: what its tiles leave out, and by which data.
std::string tiles_of_row(const std::vector<Line>& lines, const Line& line) {
  if (line.is_total()) return "";
  const bool told = std::any_of(lines.begin(), lines.end(), [&](const Line& other) {
    return other.point->fidelity == Fidelity::cycle && same_but_fidelity(*other.point, *line.point);
  });
  const std::string text = told ? "" : tiles_text(*line.result->report);
  return text.empty() ? "" : text.substr(1);
}

std::string main_table(const std::vector<Line>& lines) {
  const auto arrays = union_of_names(lines, [](const Report& report) { return report.arrays; });
  const auto memories = union_of_names(lines, [](const Report& report) { return report.memories; });
  const bool checked =
      std::any_of(lines.begin(), lines.end(), [](const Line& line) { return line.result->report->check.values > 0; });
  TextTable table;
  const Labels labels(lines, true);
  labels.add_columns(table);
  table.add_column("cycles");
  table.add_column("latency");
  for (const std::string& array : arrays) table.add_column(array + "\nbusy");
  for (const std::string& memory : memories) table.add_column(memory + "\ntraffic");
  for (const std::string& memory : memories) table.add_column(memory + "\npeak");
  table.add_column("energy");
  table.add_column("energy\n(one PE)");
  if (checked) {
    table.add_column("values");
    table.add_column("max error");
  }
  table.add_column("wall");
  for (const Line& line : lines) {
    const Report& report = *line.result->report;
    std::vector<std::string> cells = labels.cells(*line.point);
    cells.push_back(with_separators(report.cycles.value()));
    cells.push_back(seconds_text(report.latency.value()));
    for (const std::string& name : arrays) {
      const ArrayReport* array = report.find_array(name);
      cells.push_back(array == nullptr ? "" : percent_text(array->utilisation));
    }
    for (const std::string& name : memories) {
      // Only the outermost memory's traffic is worth a column here; the CSV has all.
      const MemoryReport* memory = report.find_memory(name);
      const Memory* described = line.point->machine->find_memory(name);
      const bool outermost = described != nullptr && described->kind == MemoryKind::dram;
      cells.push_back(memory == nullptr || !outermost ? "" : bytes_text(memory->read_bytes + memory->write_bytes));
    }
    for (const std::string& name : memories) {
      const MemoryReport* memory = report.find_memory(name);
      cells.push_back(memory == nullptr || memory->peak_bytes == 0 ? "" : bytes_text(memory->peak_bytes));
    }
    cells.push_back(joules_text(report.energy.total_pj * 1e-12));
    cells.push_back(joules_text(report.energy.total_one_pe_pj * 1e-12));
    if (checked) {
      const CheckReport& check = report.check;
      cells.push_back(check.values == 0 ? "-" : with_separators(check.values));
      cells.push_back(check.values == 0 ? "-"
                                        : fmt::format("{:.1e}{}", check.max_rel_error, check.passed ? "" : " FAIL"));
    }
    cells.push_back(seconds_text(line.result->wall_s));
    table.add_row(std::move(cells), tiles_of_row(lines, line));
  }
  return table.text(2);
}

// The same point at fidelity waterfall; nullptr when it was not run.
const Report* waterfall_of(const std::vector<Line>& lines, const Point& point) {
  for (const Line& line : lines) {
    const Point& other = *line.point;
    if (other.fidelity == Fidelity::waterfall && same_but_fidelity(point, other)) {
      return &*line.result->report;
    }
  }
  return nullptr;
}

std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// `fill 567 (dram latency 100, dram transfer 146, upstream 321) + drain 428 + wait transit 245 (SLNV 125, …)`: kinds in
// the order of their first part, what is zero left out.
std::string parts_text(const Excess& excess) {
  std::vector<std::string> kinds;
  for (const Account& part : excess.parts) {
    if (part.cycles.value() != 0 && std::count(kinds.begin(), kinds.end(), part.kind) == 0) kinds.push_back(part.kind);
  }
  std::stable_partition(kinds.begin(), kinds.end(), [](const std::string& kind) { return !kind.starts_with("wait"); });
  std::string text;
  for (const std::string& kind : kinds) {
    std::int64_t sum = 0;
    for (const Account& part : excess.parts) sum += part.kind == kind ? part.cycles.value() : 0;
    std::string subjects;
    for (const Account& part : excess.parts) {
      if (part.kind != kind || part.cycles.value() == 0 || part.subject.empty()) continue;
      subjects += (subjects.empty() ? "" : ", ") + (kind == "fill" ? spoken(part.subject) : part.subject);
      if (part.cycles.value() != sum) subjects += " " + with_separators(part.cycles.value());
    }
    text += fmt::format("{}{} {}", text.empty() ? "" : " + ", spoken(kind), with_separators(sum));
    if (!subjects.empty()) text += fmt::format(" ({})", subjects);
  }
  return text;
}

// Cycles per tile of both fidelities, taken apart: what each phase of the waterfall charges, and what every array did
// in the simulation. "" when they differ by less than a thousandth.
std::string difference_text(const Report& cycle, const Report& waterfall) {
  const auto tiles = static_cast<double>(cycle.iterations);
  const auto per_tile = [tiles](std::int64_t cycles) { return static_cast<double>(cycles) / tiles; };
  if (std::abs(cycle.latency.value() / waterfall.latency.value() - 1) < 1e-3 || tiles == 0) return "";
  std::string text = fmt::format("\na tile, waterfall {:.1f} =", per_tile(waterfall.cycles.value()));
  for (const PhaseReport& phase : waterfall.phases) {
    text += fmt::format("{} {} {:.1f}", &phase == &waterfall.phases.front() ? "" : ",", phase.what,
                        per_tile(phase.cycles.value()));
    if (phase.stall.value() != 0) text += fmt::format(" and stall {:.1f}", per_tile(phase.stall.value()));
  }
  if (waterfall.memory_bound) text += ", but DRAM takes longer";
  text += fmt::format("\na tile, simulated {:.1f}", per_tile(cycle.cycles.value()));
  for (const ArrayReport& array : cycle.arrays) {
    std::int64_t busy = 0;
    for (const auto& [einsum, cycles] : array.busy_cycles) busy += cycles.value();
    text += fmt::format("; {} = work {:.1f}", array.name, per_tile(busy));
    for (const Account& account : array.accounts) {
      if (account.kind == "busy" || per_tile(account.cycles.value()) < 0.05) continue;
      text += fmt::format(" + {}{} {:.1f}", spoken(account.kind),
                          account.subject.empty() ? "" : " for " + account.subject, per_tile(account.cycles.value()));
    }
  }
  return text;
}

// What a DRAM with banks did; "" for one of bandwidth and latency alone.
std::string drams_text(const Report& report) {
  std::string text;
  for (const DramReport& dram : report.drams) {
    const double accesses = static_cast<double>(std::max<std::int64_t>(1, dram.reads + dram.writes));
    const auto share = [&](std::int64_t count) { return percent_text(static_cast<double>(count) / accesses); };
    text += fmt::format("\n{}: row hits {}, misses {}, conflicts {}; {} refreshes; {} of its peak bandwidth", dram.name,
                        share(dram.row_hits), share(dram.row_misses), share(dram.row_conflicts),
                        with_separators(dram.refreshes), percent_text(dram.bandwidth / dram.peak_bandwidth));
  }
  return text;
}

// Where every cycle of the cycle-level points went: work of the busiest array, and what came on top.
std::string account_table(const std::vector<Line>& all) {
  std::vector<Line> lines;
  std::copy_if(all.begin(), all.end(), std::back_inserter(lines),
               [](const Line& line) { return line.point->fidelity == Fidelity::cycle && !line.is_total(); });
  if (lines.empty()) return "";
  TextTable table;
  const Labels labels(lines, false);
  labels.add_columns(table);
  table.add_column("against\nwaterfall");
  table.add_column("busiest\narray", Align::left);
  table.add_column("cycles");
  table.add_column("= its work");
  table.add_column("+ excess");
  for (const Line& line : lines) {
    const Report& report = *line.result->report;
    const Report* waterfall = waterfall_of(all, *line.point);
    std::vector<std::string> cells = labels.cells(*line.point);
    const double ratio = waterfall == nullptr ? 1 : report.latency.value() / waterfall->latency.value();
    cells.push_back(waterfall == nullptr ? "" : fmt::format("{:+.2f} %", (ratio - 1) * 100));
    cells.push_back(report.excess.array);
    cells.push_back(with_separators(report.cycles.value()));
    cells.push_back(with_separators(report.excess.work.value()));
    cells.push_back(with_separators(report.excess.excess.value()));
    const std::string difference = waterfall == nullptr ? "" : difference_text(report, *waterfall);
    table.add_row(std::move(cells), parts_text(report.excess) + drams_text(report) + tiles_text(report) + difference);
  }
  return "\n  Where the cycles of fidelity `cycle` went: the busiest array's work, and what came on top.\n\n" +
         table.text(2);
}

std::string check_text(const std::vector<Line>& lines) {
  std::string text;
  std::set<std::string> seen;
  for (const Line& line : lines) {
    const CheckReport& check = line.result->report->check;
    if ((check.values == 0 && check.passed) || line.is_total()) continue;
    std::string one =
        fmt::format("  {}: {} values, largest error {:.2e}, allowed {:.2e}; {}\n", check.passed ? "PASS" : "FAIL",
                    with_separators(check.values), check.max_rel_error, check.tolerance, check.description);
    if (!seen.insert(line.point->configuration + one).second) continue;
    text += fmt::format("  {:<14}{}", line.point->configuration, one) + (check.passed ? "" : check.first_mismatch);
  }
  return text.empty() ? "" : "\n  Values, against the reference kernel:\n" + text;
}

}  // namespace

std::string results_table(const std::vector<Spec>& specs, const std::vector<ResultLine>& all,
                          const std::vector<std::optional<BaselineRatios>>& comparisons) {
  std::string text;
  bool any = false;
  for (const Spec& spec : specs) {
    std::vector<Line> lines;
    std::copy_if(all.begin(), all.end(), std::back_inserter(lines),
                 [&](const Line& line) { return line.point->spec == spec.name; });
    if (lines.empty()) continue;
    any = true;
    text += fmt::format("{}{}{}\n", spec.name, spec.description.empty() ? "" : ": ", spec.description);
    text += fmt::format("  {}\n\n", Labels(lines, true).common());
    text +=
        main_table(lines) + account_table(lines) + check_text(lines) + comparison_text(spec, all, comparisons) + "\n";
  }
  if (any) {
    text +=
        "  energy counts the registers of every PE; (one PE) counts those of one PE of each array, as published "
        "accountings do.\n";
  }
  return text;
}

std::string closing_lines(const Experiment& experiment, double wall_s, const std::string& store) {
  const std::size_t done = experiment.computed + experiment.from_store;
  std::string text = fmt::format("  {} point{} in {}", done, done == 1 ? "" : "s", seconds_text(wall_s));
  if (experiment.from_store > 0) text += fmt::format(", {} of them from {}", experiment.from_store, store);
  text += "\n";
  double cycles = 0, computing_s = 0;
  for (const PointResult& result : experiment.results) {
    if (!result.report || result.from_store) continue;
    cycles += static_cast<double>(result.report->cycles.value());
    computing_s += result.wall_s;
  }
  if (experiment.computed > 0 && computing_s > 0) {
    text += fmt::format("  {:.3g} simulated cycles per second, {} per point\n", cycles / computing_s,
                        seconds_text(computing_s / static_cast<double>(experiment.computed)));
  }
  return text;
}

}  // namespace einloom
