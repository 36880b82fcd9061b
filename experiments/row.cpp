// SPDX-License-Identifier: Apache-2.0
#include "experiments/row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "einsum/passes.hpp"

namespace einloom {

namespace {

// Ranks of attention, in the order papers list them; others follow by name.
const std::vector<std::string> kExtentOrder = {"B", "H", "P", "M", "E", "F"};

class RowBuilder {
 public:
  void add(ColumnGroup group, std::string column, std::string value) {
    row_.push_back(Cell{group, std::move(column), std::move(value)});
  }
  void add(ColumnGroup group, std::string column, double value) {
    add(group, std::move(column), fmt::format("{}", value));
  }
  void add(ColumnGroup group, std::string column, std::int64_t value) {
    add(group, std::move(column), fmt::format("{}", value));
  }
  [[nodiscard]] bool has(const std::string& column) const {
    return std::any_of(row_.begin(), row_.end(), [&](const Cell& cell) { return cell.column == column; });
  }
  [[nodiscard]] Row take() { return std::move(row_); }

 private:
  Row row_;
};

void add_extents(const Point& point, RowBuilder& row) {
  for (const std::string& rank : kExtentOrder) {
    const auto found = point.extents.find(rank);
    row.add(ColumnGroup::extents, rank, found == point.extents.end() ? "" : fmt::format("{}", found->second));
  }
  for (const auto& [rank, extent] : point.extents) {
    if (!row.has(rank)) row.add(ColumnGroup::extents, rank, extent);
  }
}

// In the order of the cascade; the total of stages has none.
void add_busy(const Point& point, const ArrayReport& array, RowBuilder& row) {
  if (!point.cascade) return;
  for (const Einsum& einsum : point.cascade->einsums()) {
    const auto share = array.busy.find(einsum.name());
    if (share == array.busy.end()) continue;
    row.add(ColumnGroup::busy, fmt::format("busy_{}_{}", array.name, einsum.name()), share->second);
  }
}

void add_memories(const Point& point, const Report& report, RowBuilder& row) {
  for (const MemoryReport& memory : report.memories) {
    const Memory* described = point.machine->find_memory(memory.name);
    row.add(ColumnGroup::traffic, memory.name + "_read_bytes", memory.read_bytes);
    row.add(ColumnGroup::traffic, memory.name + "_write_bytes", memory.write_bytes);
    if (described != nullptr && described->kind == MemoryKind::dram) {
      row.add(ColumnGroup::traffic, memory.name + "_bytes", memory.read_bytes + memory.write_bytes);
    } else {
      row.add(ColumnGroup::traffic, memory.name + "_peak_bytes", memory.peak_bytes);
    }
  }
}

// Of DRAMs with banks.
void add_drams(const Report& report, RowBuilder& row) {
  for (const DramReport& dram : report.drams) {
    row.add(ColumnGroup::traffic, dram.name + "_row_hits", dram.row_hits);
    row.add(ColumnGroup::traffic, dram.name + "_row_misses", dram.row_misses);
    row.add(ColumnGroup::traffic, dram.name + "_row_conflicts", dram.row_conflicts);
    row.add(ColumnGroup::traffic, dram.name + "_refreshes", dram.refreshes);
    row.add(ColumnGroup::traffic, dram.name + "_bytes_per_s", dram.bandwidth);
  }
}

void add_areas(const Point& point, const Report& report, RowBuilder& row) {
  constexpr double kUm2InMm2 = 1e6;
  row.add(ColumnGroup::area, "area_mm2", report.area_mm2);
  for (const Memory& memory : point.machine->memories) {
    row.add(ColumnGroup::area, fmt::format("area_{}_mm2", memory.name), memory.area_um2 / kUm2InMm2);
  }
  for (const PeArray& array : point.machine->arrays) {
    row.add(ColumnGroup::area, fmt::format("area_{}_mm2", array.name),
            array.pe_area_um2 * static_cast<double>(array.pes()) / kUm2InMm2);
  }
}

void add_accounts(const Report& report, RowBuilder& row) {
  for (const ArrayReport& array : report.arrays) {
    for (const Account& account : array.accounts) {
      std::string subject = account.subject.empty() ? "" : "_" + account.subject;
      const std::size_t at = subject.find('@');  // AV@stream_buffer: columns are plain words
      if (at != std::string::npos) subject.replace(at, 1, "_at_");
      row.add(ColumnGroup::accounts, fmt::format("account_{}_{}{}_cycles", array.name, account.kind, subject),
              account.cycles.value());
    }
  }
}

void append_quoted(std::string& text, const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) {
    text += cell;
    return;
  }
  text += '"';
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  text += '"';
}

void append_line(std::string& text, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += ',';
    append_quoted(text, cells[i]);
  }
  text += '\n';
}

}  // namespace

Row make_row(const Point& point, const PointResult& result) {
  const Report& report = *result.report;
  RowBuilder row;
  row.add(ColumnGroup::identity, "spec", point.spec);
  row.add(ColumnGroup::identity, "configuration", point.configuration);
  row.add(ColumnGroup::identity, "cascade", point.cascade_name());
  row.add(ColumnGroup::identity, "machine", point.machine->name);
  row.add(ColumnGroup::identity, "plan", point.plan_name());
  row.add(ColumnGroup::identity, "model", point.model);
  if (!point.stage.empty()) row.add(ColumnGroup::identity, "stage", point.stage);
  add_extents(point, row);
  row.add(ColumnGroup::sweep, "seq_len", point.seq_len ? fmt::format("{}", *point.seq_len) : "");
  row.add(ColumnGroup::sweep, "dtype", std::string(name_of(point.dtype)));
  std::map<std::string, std::string> derived(point.derived.begin(), point.derived.end());
  for (const auto& [key, value] : point.swept) {
    const auto found = derived.find(key);
    if (!row.has(key)) row.add(ColumnGroup::sweep, key, found == derived.end() ? value : found->second);
  }
  for (const auto& [key, value] : point.derived) {
    if (!row.has(key)) row.add(ColumnGroup::sweep, key, value);
  }
  row.add(ColumnGroup::fidelity, "fidelity", std::string(name_of(point.fidelity)));
  row.add(ColumnGroup::time, "cycles", report.cycles.value());
  row.add(ColumnGroup::time, "latency_s", report.latency.value());
  row.add(ColumnGroup::algorithm, "passes", point.cascade ? passes_text(*point.cascade) : "");
  for (const ArrayReport& array : report.arrays) {
    row.add(ColumnGroup::utilisation, "util_" + array.name, array.utilisation);
    add_busy(point, array, row);
  }
  add_memories(point, report, row);
  add_drams(report, row);
  row.add(ColumnGroup::energy, "energy_j", report.energy.total_pj * 1e-12);
  row.add(ColumnGroup::energy, "energy_one_pe_registers_j", report.energy.total_one_pe_pj * 1e-12);
  row.add(ColumnGroup::energy, "energy_uniform_registers_j", report.energy.total_uniform_pj * 1e-12);
  add_areas(point, report, row);
  const bool checked = report.check.values > 0;
  row.add(ColumnGroup::check, "values_checked", report.check.values);
  row.add(ColumnGroup::check, "max_abs_error", checked ? fmt::format("{}", report.check.max_abs_error) : "");
  row.add(ColumnGroup::check, "max_rel_error", checked ? fmt::format("{}", report.check.max_rel_error) : "");
  add_accounts(report, row);
  row.add(ColumnGroup::wall, "wall_s", fmt::format("{:.6f}", result.wall_s));
  return row.take();
}

void add_baseline_ratios(const BaselineRatios& comparison, Row& row) {
  const auto add = [&](const char* column, double value) {
    row.push_back(Cell{ColumnGroup::comparison, column, fmt::format("{}", value)});
  };
  add("speedup", comparison.speedup);
  add("energy_ratio", comparison.energy_ratio);
  add("energy_one_pe_registers_ratio", comparison.energy_one_pe_registers_ratio);
  add("energy_uniform_registers_ratio", comparison.energy_uniform_registers_ratio);
}

std::vector<std::string> columns_before_run(const Point& point, bool compared) {
  PointResult empty;
  empty.report.emplace();
  for (const PeArray& array : point.machine->arrays) empty.report->arrays.emplace_back().name = array.name;
  for (const Memory& memory : point.machine->memories) empty.report->memories.emplace_back().name = memory.name;
  Row row = make_row(point, empty);
  if (compared) add_baseline_ratios({}, row);
  std::vector<std::string> columns;
  for (Cell& cell : row) columns.push_back(std::move(cell.column));
  return columns;
}

Columns merge_rows(const std::vector<Row>& rows) {
  std::map<ColumnGroup, std::vector<std::string>> groups;
  std::map<std::pair<ColumnGroup, std::string>, std::size_t> positions;
  for (const Row& row : rows) {
    for (const Cell& cell : row) {
      std::vector<std::string>& group = groups[cell.group];
      if (positions.emplace(std::pair(cell.group, cell.column), group.size()).second) group.push_back(cell.column);
    }
  }
  Columns merged;
  std::map<ColumnGroup, std::size_t> offsets;
  for (const auto& [group, names] : groups) {
    offsets[group] = merged.header.size();
    merged.header.insert(merged.header.end(), names.begin(), names.end());
  }
  for (const Row& row : rows) {
    std::vector<std::string> cells(merged.header.size());
    for (const Cell& cell : row) cells[offsets[cell.group] + positions[{cell.group, cell.column}]] = cell.value;
    merged.rows.push_back(std::move(cells));
  }
  return merged;
}

std::string csv_text(const Columns& columns) {
  std::string text;
  append_line(text, columns.header);
  for (const std::vector<std::string>& row : columns.rows) append_line(text, row);
  return text;
}

}  // namespace einloom
