// SPDX-License-Identifier: Apache-2.0
// Two reports of one program compared bit for bit, but for the number of operations that were stepped one by one.
#pragma once

#include <fmt/format.h>

#include <string>

#include "sim/report.hpp"

namespace einloom::test {

// The whole of a report as text; doubles in hexadecimal, so that equal texts are equal bits.
inline std::string exact_text(const Report& report) {
  const auto accounts = [](const std::vector<Account>& list) {
    std::string text;
    for (const Account& a : list) text += fmt::format("  {} {} {}\n", a.kind, a.subject, a.cycles.value());
    return text;
  };
  std::string text = fmt::format("cycles {}\nlatency {:a}\n", report.cycles.value(), report.latency.value());
  for (const ArrayReport& array : report.arrays) {
    text += fmt::format("array {} {:a}\n", array.name, array.utilisation);
    for (const auto& [name, share] : array.busy) text += fmt::format("  share {} {:a}\n", name, share);
    for (const auto& [name, cycles] : array.busy_cycles) text += fmt::format("  busy {} {}\n", name, cycles.value());
    text += accounts(array.accounts);
  }
  for (const MemoryReport& memory : report.memories) {
    text += fmt::format("memory {} {} {} {:a} {:a} peak {}\n", memory.name, memory.read_bytes, memory.write_bytes,
                        memory.read_accesses, memory.write_accesses, memory.peak_bytes);
    for (const auto& [tensor, bytes] : memory.peak_by_tensor) text += fmt::format("  peak {} {}\n", tensor, bytes);
  }
  for (const TrafficReport& line : report.traffic) {
    text += fmt::format("traffic {} {} {} {}\n", line.memory, line.tensor, line.read_bytes, line.write_bytes);
  }
  for (const DramReport& dram : report.drams) {
    text += fmt::format("dram {} {} {} {} {} {} {} {:a}\n", dram.name, dram.reads, dram.writes, dram.row_hits,
                        dram.row_misses, dram.row_conflicts, dram.refreshes, dram.bandwidth);
  }
  for (const auto& [op, count] : report.operations) text += fmt::format("operation {} {}\n", op, count);
  for (const auto& [op, count] : report.comparisons) text += fmt::format("comparisons {} {}\n", op, count);
  for (const auto& [name, pj] : report.energy.by_component_pj) text += fmt::format("energy {} {:a}\n", name, pj);
  text += fmt::format("energy {:a} {:a} {:a} {:a}\n", report.energy.registers_all_pj, report.energy.registers_one_pe_pj,
                      report.energy.total_pj, report.energy.total_one_pe_pj);
  text += fmt::format("excess {} {} {}\n{}", report.excess.array, report.excess.work.value(),
                      report.excess.excess.value(), accounts(report.excess.parts));
  text += fmt::format("instances {}\n", report.tile_operations);
  return text;
}

// The first line in which they differ; "" when they are the same.
inline std::string first_difference(const Report& expected, const Report& found) {
  const std::string a = exact_text(expected), b = exact_text(found);
  if (a == b) return "";
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  const auto line = [&](const std::string& text) {
    const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  };
  return fmt::format("expected `{}`, found `{}`\nexpected:\n{}\nfound:\n{}", line(a), line(b), a, b);
}

}  // namespace einloom::test
