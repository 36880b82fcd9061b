// SPDX-License-Identifier: Apache-2.0
// An explanation for people and for programs.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/explanation.hpp"
#include "experiments/text_table.hpp"

namespace einloom {
namespace {

using Align = TextTable::Align;

std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

class Writer {
 public:
  explicit Writer(const Explanation& explanation) : explanation_(explanation) {}

  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{}\n  {} cycles, {} tile{}, {} cycles a tile\n", explanation_.point,
                                   with_separators(explanation_.cycles), with_separators(explanation_.tiles),
                                   explanation_.tiles == 1 ? "" : "s", per_tile(explanation_.cycles));
    for (const ExplainedArray& array : explanation_.arrays) text += "\n" + table_of(array);
    return text + "\n" + bound_text() + largest_wait_text();
  }

 private:
  [[nodiscard]] std::string per_tile(double cycles) const {
    return fmt::format("{:.1f}", explanation_.tiles == 0 ? 0 : cycles / static_cast<double>(explanation_.tiles));
  }
  [[nodiscard]] std::string per_tile(std::int64_t cycles) const { return per_tile(static_cast<double>(cycles)); }
  [[nodiscard]] std::string share(double cycles) const {
    return percent_text(cycles / static_cast<double>(explanation_.cycles));
  }

  [[nodiscard]] std::string table_of(const ExplainedArray& array) const {
    TextTable table;
    table.add_column(array.name, Align::left);
    table.add_column("cycles");
    table.add_column("share");
    table.add_column("a tile");
    const auto add = [&](const std::string& what, std::int64_t cycles) {
      table.add_row({what, with_separators(cycles), share(static_cast<double>(cycles)), per_tile(cycles)});
    };
    for (const ExplainedAccount& account : array.accounts) {
      add(spoken(account.kind) + (account.subject.empty() ? "" : " " + account.subject), account.cycles);
      for (const ExplainedLink& link : account.links) add("  └ " + link.what, link.cycles);
    }
    return table.text(2);
  }

  [[nodiscard]] std::string bound_text() const {
    const Bound& bound = explanation_.bounds.front();
    const double above = static_cast<double>(explanation_.cycles) / bound.cycles - 1;
    const std::string highest = fmt::format("{}, {} cycles ({} a tile)", bound.what,
                                            with_separators(std::int64_t(bound.cycles)), per_tile(bound.cycles));
    if (!explanation_.by_latency) {
      return fmt::format("  bound: {}; the run is {:.2f} % above it\n", highest, above * 100);
    }
    return fmt::format(
        "  bound: dependence latency; nothing is near 100 % busy. The highest bound is {};\n         the run is "
        "{:.2f} % above it\n",
        highest, above * 100);
  }

  [[nodiscard]] static std::string wait_text(const ExplainedAccount& wait) {
    if (wait.kind == "wait_slot") return "a slot of " + wait.subject;
    if (wait.kind == "wait_port") return "the ports of " + wait.subject;
    if (wait.kind == "wait_transit") return wait.subject + " on its way";
    if (wait.kind == "wait_iteration") return wait.subject + " of an earlier iteration";
    return wait.subject;
  }

  // What most of the largest wait was for.
  [[nodiscard]] static std::string reason_of(const ExplainedAccount& wait) {
    std::string text;
    std::int64_t told = 0;
    for (const ExplainedLink& link : wait.links) {
      if (2 * told >= wait.cycles) break;
      text += (text.empty() ? "" : ", then ") + link.what;
      told += link.cycles;
    }
    return text.empty() ? "" : fmt::format(" ({})", text);
  }

  [[nodiscard]] std::string largest_wait_text() const {
    if (explanation_.wait_account < 0) return "  no array waits for anything but the start and the end of the run\n";
    const ExplainedArray& array = explanation_.waiting_array();
    const ExplainedAccount& wait = explanation_.largest_wait();
    const Bound& bound = explanation_.bounds.front();
    const std::string what = wait_text(wait);
    return fmt::format(
        "  largest wait: {} waits for {}, {} cycles, {}, {} a tile\n"
        "  without waiting for {}{}:\n"
        "    {}'s own work {} cycles a tile, its other waits {}; then no run beats {}, {} a tile\n",
        array.name, what, with_separators(wait.cycles), share(static_cast<double>(wait.cycles)), per_tile(wait.cycles),
        what, reason_of(wait), array.name, per_tile(array.work),
        per_tile(explanation_.cycles - wait.cycles - array.work), bound.what, per_tile(bound.cycles));
  }

  const Explanation& explanation_;
};

}  // namespace

std::string explanation_text(const Explanation& explanation) { return Writer(explanation).text(); }

Json to_json(const Explanation& explanation) {
  const auto tiles = static_cast<double>(std::max<std::int64_t>(1, explanation.tiles));
  const auto total = static_cast<double>(explanation.cycles);
  const auto account_json = [&](const ExplainedAccount& account) {
    Json links = Json::array();
    for (const ExplainedLink& link : account.links) links.push_back({{"what", link.what}, {"cycles", link.cycles}});
    const auto cycles = static_cast<double>(account.cycles);
    return Json{{"kind", account.kind},    {"subject", account.subject},        {"cycles", account.cycles},
                {"share", cycles / total}, {"cycles_per_tile", cycles / tiles}, {"links", links}};
  };
  Json json{{"point", explanation.point}, {"cycles", explanation.cycles}, {"tiles", explanation.tiles}};
  for (const ExplainedArray& array : explanation.arrays) {
    Json accounts = Json::array();
    for (const ExplainedAccount& account : array.accounts) accounts.push_back(account_json(account));
    json["arrays"].push_back({{"name", array.name}, {"work_cycles", array.work}, {"accounts", accounts}});
  }
  for (const Bound& bound : explanation.bounds) {
    json["bounds"].push_back({{"what", bound.what}, {"cycles", bound.cycles}});
  }
  json["bound"] = explanation.by_latency ? "dependence latency" : explanation.bounds.front().what;
  json["above_highest_bound"] = total / explanation.bounds.front().cycles - 1;
  if (explanation.wait_account >= 0) {
    const ExplainedArray& array = explanation.waiting_array();
    const ExplainedAccount& wait = explanation.largest_wait();
    json["largest_wait"] = {{"array", array.name},
                            {"account", account_json(wait)},
                            {"cycles_without_it", explanation.cycles - wait.cycles},
                            {"own_work_cycles", array.work}};
  }
  return json;
}

}  // namespace einloom
