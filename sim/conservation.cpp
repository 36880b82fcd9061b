// SPDX-License-Identifier: Apache-2.0
#include "sim/conservation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

void must_equal(std::int64_t found, std::int64_t expected, const std::string& what) {
  ensure(found == expected, fmt::format("{}: {} instead of {}", what, found, expected));
}

void check_operations(const Program& program, const Totals& totals) {
  std::map<std::string, std::int64_t> done;
  for (const auto& by_op : totals.operations) {
    for (const auto& [op, count] : by_op) done[op] += count;
  }
  for (const auto& [op, required] : program.required_operations) {
    // Absent points of a masked cascade take their issue slots all the same.
    if (program.masked) {
      ensure(done[op] >= required, fmt::format("`{}` operations done: {} of {} required", op, done[op], required));
    } else {
      must_equal(done[op], required, fmt::format("`{}` operations done", op));
    }
  }
}

// What enters an on-chip memory from DRAM is what DRAM gave out for it, and the other way round.
void check_moves(const Program& program, const Totals& totals) {
  std::int64_t loaded = 0, stored = 0, dram_read = 0, dram_written = 0;
  int dram = -1;
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    if (statement.kind == StatementKind::operation) continue;
    std::int64_t bytes = 0;
    for (std::size_t v = 0; v < statement.variants.size(); ++v) {
      bytes += totals.instances[s][v] * statement.variants[v].move_bytes;
    }
    (statement.kind == StatementKind::load ? loaded : stored) += bytes;
    dram = statement.kind == StatementKind::load ? statement.from : statement.to;
  }
  if (dram < 0) return;
  for (const auto& [read, written] : totals.bytes[static_cast<std::size_t>(dram)]) {
    dram_read += read;
    dram_written += written;
  }
  must_equal(loaded, dram_read, "bytes loaded");
  must_equal(stored, dram_written, "bytes stored");
}

}  // namespace

void check_conservation(const Program& program, const Machine& machine, const Totals& simulated,
                        const Totals& estimated, const Report& report) {
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    for (std::size_t v = 0; v < program.statements[s].variants.size(); ++v) {
      must_equal(simulated.instances[s][v], estimated.instances[s][v],
                 fmt::format("instances of `{}`, variant {}", program.statements[s].name, v));
    }
  }
  check_operations(program, simulated);
  check_moves(program, simulated);
  for (const ArrayReport& array : report.arrays) {
    if (report.fidelity == Fidelity::waterfall) break;
    std::int64_t sum = 0;
    for (const Account& account : array.accounts) {
      ensure(account.cycles.value() >= 0, fmt::format("account {} of {} is negative", account.kind, array.name));
      sum += account.cycles.value();
    }
    must_equal(sum, report.cycles.value(), fmt::format("accounts of {}", array.name));
  }
  for (std::size_t m = 0; m < machine.memories.size(); ++m) {
    if (!machine.memories[m].capacity) continue;
    ensure(report.memories[m].peak_bytes <= machine.memories[m].capacity->value(),
           fmt::format("{} holds {} bytes, more than its capacity", machine.memories[m].name,
                       report.memories[m].peak_bytes));
  }
  double energy = report.energy.registers_all_pj;
  for (const auto& [component, picojoules] : report.energy.by_component_pj) energy += picojoules;
  ensure(std::isfinite(energy) && std::abs(energy - report.energy.total_pj) <= 1e-9 * std::abs(energy),
         "energy is the finite sum of its parts");
  for (const Bound& bound : report.bounds) {
    if (report.fidelity == Fidelity::waterfall && bound.of_ports) continue;
    ensure(static_cast<double>(report.cycles.value()) >= bound.cycles * (1 - 1e-12),
           fmt::format("{} cycles are below the bound of {} ({})", report.cycles.value(), bound.cycles, bound.what));
  }
  if (report.fidelity != Fidelity::waterfall) {
    std::int64_t parts = 0;
    for (const Account& part : report.excess.parts) parts += part.cycles.value();
    must_equal(parts, report.excess.excess.value(), "cycles beyond the busiest array's work");
  }
}

}  // namespace einloom
