// SPDX-License-Identifier: Apache-2.0
// A plan as a document again.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "mappings/plan.hpp"

namespace einloom {
namespace {

// Plain where YAML reads it back unchanged, in flow style too; double-quoted otherwise.
std::string scalar(const std::string& text) {
  const bool safe =
      !text.empty() && text.front() != ' ' && text.back() != ' ' &&
      std::all_of(text.begin(), text.end(),
                  [](unsigned char c) {
                    return std::isalnum(c) != 0 ||
                           std::string_view(" _.()/+").find(static_cast<char>(c)) != std::string_view::npos;
                  }) &&
      std::isalnum(static_cast<unsigned char>(text.front())) != 0 && text != "null" && text != "Null" && text != "NULL";
  if (safe) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += fmt::format("\\{}", c);
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string list(const std::vector<Name>& names) {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + scalar(name.text);
  return "[" + text + "]";
}

// `{a: b, c: d}`, without what is empty.
class Flow {
 public:
  Flow& add(const std::string& key, const std::string& value) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
    return *this;
  }
  Flow& add_name(const std::string& key, const std::optional<Name>& name) {
    return name ? add(key, scalar(name->text)) : *this;
  }
  Flow& add_list(const std::string& key, const std::vector<Name>& names) {
    return names.empty() ? *this : add(key, list(names));
  }
  Flow& add_number(const std::string& key, const std::optional<ScalarExpression>& number) {
    return number ? add(key, scalar(number->text())) : *this;
  }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

void add_residence(const Keep& keep, Flow& flow) {
  flow.add("in", scalar(keep.memory.text)).add_list("across", keep.across).add_list("refetch", keep.refetch);
  if (keep.fetch == Fetch::first_body) flow.add("fetch", "first_body");
  flow.add_number("slots", keep.slots);
}

std::string keep_text(const Keep& keep) {
  Flow flow;
  if (keep.in_place_of) return flow.add("in_place_of", scalar(keep.in_place_of->text)).text();
  add_residence(keep, flow);
  flow.add_number("spilled", keep.spilled);
  if (!keep.reload.empty()) {
    Flow reload;
    add_residence(keep.reload.front(), reload);
    flow.add("reload", reload.text());
  }
  return flow.text();
}

std::string nest_text(const NestNode& nest, const std::string& indent) {
  const auto is_einsum = [](const NestItem& item) { return std::holds_alternative<Name>(item); };
  if (std::all_of(nest.body.begin(), nest.body.end(), is_einsum)) {
    std::vector<Name> names;
    for (const NestItem& item : nest.body) names.push_back(std::get<Name>(item));
    return fmt::format("{}- {{loops: {}, body: {}}}\n", indent, list(nest.loops), list(names));
  }
  std::string text = fmt::format("{0}- loops: {1}\n{0}  body:\n", indent, list(nest.loops));
  for (const NestItem& item : nest.body) {
    if (const NestNode* inner = std::get_if<NestNode>(&item)) {
      text += nest_text(*inner, indent + "    ");
    } else {
      text += fmt::format("{}    - {}\n", indent, scalar(std::get<Name>(item).text));
    }
  }
  return text;
}

std::string numbers_text(const std::string& key, const std::vector<NamedExpression>& numbers) {
  if (numbers.empty()) return "";
  std::string text = "\n" + key + ":\n";
  for (const NamedExpression& number : numbers) {
    text += fmt::format("  {}: {}\n", scalar(number.name.text), scalar(number.value.text()));
  }
  return text;
}

std::string phase_text(const Phase& phase) {
  Flow flow;
  for (const auto& [array, einsums] : phase.arrays) flow.add(scalar(array), list(einsums));
  flow.add_number("stall", phase.stall_cycles);
  if (phase.with_dram) flow.add("dram", "true");
  return flow.text();
}

}  // namespace

std::string print_plan(const Plan& plan) {
  std::string text = fmt::format("plan: {}\n", scalar(plan.name));
  if (!plan.description.empty()) text += fmt::format("description: {}\n", scalar(plan.description));
  text += fmt::format("cascade: {}\nmachine: {}\n", scalar(plan.cascade.text), scalar(plan.machine.text));
  if (!plan.options.empty()) {
    Flow flow;
    for (const PlanOption& each : plan.options) flow.add(scalar(each.option.text), scalar(each.value.text));
    text += fmt::format("options: {}\n", flow.text());
  }
  text += numbers_text("parameters", plan.parameters) + numbers_text("tiles", plan.tiles);
  text += "\nnests:\n";
  for (const NestNode& nest : plan.nests) text += nest_text(nest, "  ");
  if (!plan.skip_absent.empty()) text += fmt::format("\nskip_absent: {}\n", list(plan.skip_absent));
  if (plan.empty_tiles == EmptyTiles::skip) text += "\nempty_tiles: skip\n";
  text += "\nbind:\n";
  for (const Binding& binding : plan.bindings) {
    Flow flow;
    flow.add("array", scalar(binding.array.text)).add_name("rows", binding.rows).add_name("columns", binding.columns);
    flow.add_list("time", binding.time).add_name("instruction", binding.instruction);
    text += fmt::format("  {}: {}\n", scalar(binding.einsum.text), flow.text());
  }
  text += "\nkeep:\n";
  for (const Keep& keep : plan.keeps) text += fmt::format("  {}: {}\n", scalar(keep.tensor.text), keep_text(keep));
  if (plan.in_flight) text += fmt::format("\nin_flight: {}\n", scalar(plan.in_flight->text()));
  if (plan.barrier == Barrier::machine) text += "barrier: machine\n";
  if (plan.issue == IssueOrder::listed_first) text += "issue: listed_first\n";
  if (!plan.phases.empty()) text += "\nphases:\n";
  for (const Phase& phase : plan.phases) text += fmt::format("  - {}\n", phase_text(phase));
  return text;
}

}  // namespace einloom
