// SPDX-License-Identifier: Apache-2.0
#include "experiments/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/accounts.hpp"

namespace einloom {
namespace {

class Explainer {
 public:
  Explainer(const Program& program, const Report& report, const WaitChains& chains)
      : program_(program), report_(report), chains_(chains) {}

  [[nodiscard]] ExplainedArray array(const ArrayReport& reported) const {
    ExplainedArray array;
    array.name = reported.name;
    for (const Account& account : reported.accounts) {
      if (account.cycles.value() == 0) continue;
      if (account.kind == "busy") array.work += account.cycles.value();
      array.accounts.push_back({account.kind, account.subject, account.cycles.value(), {}});
    }
    std::stable_sort(array.accounts.begin(), array.accounts.end(),
                     [](const ExplainedAccount& a, const ExplainedAccount& b) { return a.cycles > b.cycles; });
    for (std::size_t d = 0; d < program_.dependences.size(); ++d) add_links(static_cast<int>(d), array);
    for (ExplainedAccount& account : array.accounts) {
      std::stable_sort(account.links.begin(), account.links.end(),
                       [](const ExplainedLink& a, const ExplainedLink& b) { return a.cycles > b.cycles; });
    }
    return array;
  }

 private:
  void add_links(int dependence, ExplainedArray& array) const {
    const Dependence& edge = program_.dependences[static_cast<std::size_t>(dependence)];
    const int consumer = program_.statements[static_cast<std::size_t>(edge.consumer)].array;
    if (consumer < 0 || program_.arrays[static_cast<std::size_t>(consumer)] != array.name) return;
    const std::pair<std::string, std::string> wait = wait_name(program_, edge);
    const std::pair<std::string, std::string> way{"wait_transit",
                                                  program_.statements[static_cast<std::size_t>(edge.producer)].name};
    for (const ChainLink& link : chains_.links(dependence)) {
      const auto& [kind, subject] = link.kind == ChainLink::Kind::own_way ? way : wait;
      for (ExplainedAccount& account : array.accounts) {
        if (account.kind == kind && account.subject == subject) add(text_of(link), link.cycles, account);
      }
    }
  }

  static void add(const std::string& what, std::int64_t cycles, ExplainedAccount& account) {
    const auto found = std::find_if(account.links.begin(), account.links.end(),
                                    [&](const ExplainedLink& link) { return link.what == what; });
    if (found == account.links.end()) {
      account.links.push_back({what, cycles});
    } else {
      found->cycles += cycles;
    }
  }

  [[nodiscard]] std::string text_of(const ChainLink& link) const {
    switch (link.kind) {
      case ChainLink::Kind::work: {
        const Statement& statement = program_.statements[static_cast<std::size_t>(link.statement)];
        if (statement.array < 0) return statement.name;
        return fmt::format("{} on {}", statement.name, program_.arrays[static_cast<std::size_t>(statement.array)]);
      }
      case ChainLink::Kind::own_way:
      case ChainLink::Kind::transit:
        return way_text(program_.dependences[static_cast<std::size_t>(link.dependence)]);
      case ChainLink::Kind::memory: {
        const Dependence& edge = program_.dependences[static_cast<std::size_t>(link.dependence)];
        if (edge.kind == DependenceKind::slot) return "the skew until the last PE has read its operand";
        return fmt::format("{} through a memory", program_.statements[static_cast<std::size_t>(edge.producer)].name);
      }
      case ChainLink::Kind::port:
        return fmt::format("the ports of {}", program_.memories[static_cast<std::size_t>(link.memory)]);
      case ChainLink::Kind::unfollowed:
        return "further back than is remembered";
    }
    return "";
  }

  [[nodiscard]] std::string way_text(const Dependence& edge) const {
    const Statement& producer = program_.statements[static_cast<std::size_t>(edge.producer)];
    const Statement& consumer = program_.statements[static_cast<std::size_t>(edge.consumer)];
    const std::string from = producer.array < 0 ? "" : program_.arrays[static_cast<std::size_t>(producer.array)];
    std::vector<std::string> legs;
    if (edge.way.down_rows > 0) legs.push_back(fmt::format("down the rows of {}", from));
    if (edge.way.along_columns > 0) legs.push_back(fmt::format("along the columns of {}", from));
    if (edge.way.unloading > 0) legs.push_back(fmt::format("out of {} row by row", from));
    if (edge.way.last_pe > 0) legs.push_back(fmt::format("to the last PE of {}", from));
    if (edge.way.link > 0 && consumer.array >= 0) {
      legs.push_back(fmt::format("over the link to {}", program_.arrays[static_cast<std::size_t>(consumer.array)]));
    }
    if (edge.way.into_rows > 0 && consumer.array >= 0) {
      legs.push_back(fmt::format("into {} row by row", program_.arrays[static_cast<std::size_t>(consumer.array)]));
    }
    std::string text = "the way of " + producer.name;
    for (std::size_t i = 0; i < legs.size(); ++i) text += (i == 0 ? " " : " and ") + legs[i];
    return text;
  }

  const Program& program_;
  const Report& report_;
  const WaitChains& chains_;
};

bool is_wait(const ExplainedAccount& account) { return account.kind.starts_with("wait"); }

}  // namespace

Explanation explain(const Point& point, const Program& program, const Report& report, const WaitChains& chains) {
  Explanation explanation;
  explanation.point = point.label();
  explanation.cycles = report.cycles.value();
  explanation.tiles = report.iterations;
  explanation.bounds = report.bounds;
  explanation.by_latency = report.bounds.front().cycles < kBoundShare * static_cast<double>(report.cycles.value());
  const Explainer explainer(program, report, chains);
  for (const ArrayReport& array : report.arrays) explanation.arrays.push_back(explainer.array(array));
  std::int64_t most = 0;
  for (std::size_t a = 0; a < explanation.arrays.size(); ++a) {
    const ExplainedArray& array = explanation.arrays[a];
    // An array at its bound leaves the others waiting; that says nothing.
    if (!explanation.by_latency && explanation.bounds.front().what.starts_with(array.name + " ") == false) continue;
    for (std::size_t i = 0; i < array.accounts.size(); ++i) {
      if (!is_wait(array.accounts[i]) || array.accounts[i].cycles <= most) continue;
      most = array.accounts[i].cycles;
      explanation.wait_array = static_cast<int>(a);
      explanation.wait_account = static_cast<int>(i);
    }
  }
  return explanation;
}

}  // namespace einloom
