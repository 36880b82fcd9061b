// SPDX-License-Identifier: Apache-2.0
// Plan documents: YAML → Plan. Names are resolved by lowering, which knows cascade and machine.
#include "mappings/plan.hpp"

namespace einloom {
namespace {

Name read_name(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Name{read_string(node, what, diagnostics), node.span()};
}

std::vector<Name> read_name_list(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  std::vector<Name> names;
  if (!node.defined()) return names;
  if (node.is_scalar()) {
    names.push_back(read_name(node, what, diagnostics));
  } else if (node.is_sequence()) {
    for (const YamlNode& item : node.items()) names.push_back(read_name(item, what, diagnostics));
  } else {
    diagnostics.error("yaml-type", node.span(), what + " must be a name or a list of names");
  }
  return names;
}

std::optional<ScalarExpression> read_expression(const YamlNode& node, const std::string& what,
                                                Diagnostics& diagnostics) {
  if (!node.defined()) return std::nullopt;
  if (!node.is_scalar()) {
    diagnostics.error("yaml-type", node.span(), what + " must be a number or an expression");
    return std::nullopt;
  }
  const std::string text = read_string(node, what, diagnostics);
  if (text.empty()) return std::nullopt;
  try {
    return ScalarExpression::parse(text, node.span());
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    return std::nullopt;
  }
}

NestNode read_nest(const YamlNode& node, int depth, Diagnostics& diagnostics) {
  NestNode nest;
  nest.span = node.span();
  if (depth > 16) {
    diagnostics.error("plan-nest-too-deep", node.span(), "nests are more than 16 deep");
    return nest;
  }
  YamlMap map(node, "nest", diagnostics);
  nest.loops = read_name_list(map.require("loops"), "`loops`", diagnostics);
  const YamlNode body = map.require("body");
  if (body.defined() && (!body.is_sequence() || body.items().empty())) {
    diagnostics.error("yaml-type", body.span(), "`body` must be a list of Einsums and inner nests");
  }
  for (const YamlNode& item : body.items()) {
    if (item.is_map()) {
      nest.body.emplace_back(read_nest(item, depth + 1, diagnostics));
    } else {
      nest.body.emplace_back(read_name(item, "body item", diagnostics));
    }
  }
  map.finish();
  return nest;
}

Binding read_binding(const YamlEntry& entry, Diagnostics& diagnostics) {
  Binding binding;
  binding.einsum = Name{entry.key, entry.key_span};
  binding.span = entry.value.span();
  YamlMap map(entry.value, "binding of `" + entry.key + "`", diagnostics);
  binding.array = read_name(map.require("array"), "`array`", diagnostics);
  if (const YamlNode node = map.optional("rows"); node.defined()) binding.rows = read_name(node, "`rows`", diagnostics);
  if (const YamlNode node = map.optional("columns"); node.defined()) {
    binding.columns = read_name(node, "`columns`", diagnostics);
  }
  binding.time = read_name_list(map.optional("time"), "`time`", diagnostics);
  if (const YamlNode node = map.optional("instruction"); node.defined()) {
    binding.instruction = read_name(node, "`instruction`", diagnostics);
  }
  map.finish();
  return binding;
}

template <class T>
T read_choice(const YamlNode& node, const std::string& what, const std::vector<std::pair<std::string, T>>& choices,
              Diagnostics& diagnostics, T fallback) {
  if (!node.defined()) return fallback;
  const std::string text = read_string(node, what, diagnostics);
  std::string known;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + name;
  }
  diagnostics.error("value-unknown", node.span(), what + " is `" + text + "`; it must be one of " + known);
  return fallback;
}

bool read_flag(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return read_choice<bool>(node, what, {{"true", true}, {"false", false}}, diagnostics, false);
}

// What loaded tensors have: a memory, and when tiles come and go.
void read_residence(YamlMap& map, Keep& keep, Diagnostics& diagnostics) {
  keep.across = read_name_list(map.optional("across"), "`across`", diagnostics);
  keep.refetch = read_name_list(map.optional("refetch"), "`refetch`", diagnostics);
  keep.fetch = read_choice<Fetch>(map.optional("fetch"), "`fetch`",
                                  {{"each_body", Fetch::each_body}, {"first_body", Fetch::first_body}}, diagnostics,
                                  Fetch::each_body);
  keep.slots = read_expression(map.optional("slots"), "`slots`", diagnostics);
}

Keep read_reload(const Name& tensor, const YamlNode& node, Diagnostics& diagnostics) {
  Keep reload;
  reload.tensor = tensor;
  reload.span = node.span();
  YamlMap map(node, "`reload` of `" + tensor.text + "`", diagnostics);
  reload.memory = read_name(map.require("in"), "`in`", diagnostics);
  read_residence(map, reload, diagnostics);
  map.finish();
  return reload;
}

Keep read_keep(const YamlEntry& entry, Diagnostics& diagnostics) {
  Keep keep;
  keep.tensor = Name{entry.key, entry.key_span};
  keep.span = entry.value.span();
  YamlMap map(entry.value, "placement of `" + entry.key + "`", diagnostics);
  if (const YamlNode node = map.optional("in_place_of"); node.defined()) {
    keep.in_place_of = read_name(node, "`in_place_of`", diagnostics);
    map.finish();
    return keep;
  }
  keep.memory = read_name(map.require("in"), "`in`", diagnostics);
  read_residence(map, keep, diagnostics);
  keep.spilled = read_expression(map.optional("spilled"), "`spilled`", diagnostics);
  if (const YamlNode node = map.optional("reload"); node.defined()) {
    keep.reload.push_back(read_reload(keep.tensor, node, diagnostics));
  }
  map.finish();
  return keep;
}

Phase read_phase(const YamlNode& node, Diagnostics& diagnostics) {
  Phase phase;
  phase.span = node.span();
  if (!node.is_map()) {
    diagnostics.error("yaml-type", node.span(), "a phase must be a map from arrays to lists of Einsums");
    return phase;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (entry.key == "stall") {
      phase.stall_cycles = read_expression(entry.value, "`stall`", diagnostics);
    } else if (entry.key == "dram") {
      phase.with_dram = read_flag(entry.value, "`dram`", diagnostics);
    } else {
      phase.arrays[entry.key] = read_name_list(entry.value, "Einsums of a phase", diagnostics);
    }
  }
  return phase;
}

// Entries of a map section; reports when the section is something else.
std::vector<YamlEntry> section(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (!node.defined()) return {};
  if (!node.is_map()) {
    diagnostics.error("yaml-type", node.span(), what + " must be a map");
    return {};
  }
  return node.entries();
}

}  // namespace

Plan load_plan(const YamlNode& document) {
  Diagnostics diagnostics;
  Plan plan;
  plan.span = document.span();
  YamlMap map(document, "plan", diagnostics);
  plan.name = read_string(map.require("plan"), "`plan`", diagnostics);
  plan.description = read_string(map.optional("description"), "`description`", diagnostics);
  plan.cascade = read_name(map.require("cascade"), "`cascade`", diagnostics);
  plan.machine = read_name(map.require("machine"), "`machine`", diagnostics);
  for (const YamlEntry& entry : section(map.optional("options"), "`options`", diagnostics)) {
    plan.options.push_back(
        {Name{entry.key, entry.key_span}, read_name(entry.value, fmt::format("option `{}`", entry.key), diagnostics)});
  }
  const auto read_numbers = [&](const YamlNode& node, const std::string& key, const std::string& what,
                                std::vector<NamedExpression>& numbers) {
    for (const YamlEntry& entry : section(node, "`" + key + "`", diagnostics)) {
      if (auto value = read_expression(entry.value, what + " `" + entry.key + "`", diagnostics)) {
        numbers.push_back({Name{entry.key, entry.key_span}, *value});
      }
    }
  };
  read_numbers(map.optional("parameters"), "parameters", "parameter", plan.parameters);
  read_numbers(map.optional("tiles"), "tiles", "tile extent", plan.tiles);
  const YamlNode nests = map.require("nests");
  if (nests.defined() && (!nests.is_sequence() || nests.items().empty())) {
    diagnostics.error("yaml-type", nests.span(), "`nests` must be a list of nests, each with `loops` and `body`");
  }
  for (const YamlNode& node : nests.items()) plan.nests.push_back(read_nest(node, 1, diagnostics));
  plan.skip_absent = read_name_list(map.optional("skip_absent"), "`skip_absent`", diagnostics);
  const YamlNode empty_tiles = map.optional("empty_tiles");
  plan.empty_tiles_span = empty_tiles.defined() ? empty_tiles.span() : plan.span;
  plan.empty_tiles =
      read_choice<EmptyTiles>(empty_tiles, "`empty_tiles`", {{"issue", EmptyTiles::issue}, {"skip", EmptyTiles::skip}},
                              diagnostics, EmptyTiles::issue);
  for (const YamlEntry& entry : section(map.require("bind"), "`bind`", diagnostics)) {
    plan.bindings.push_back(read_binding(entry, diagnostics));
  }
  for (const YamlEntry& entry : section(map.require("keep"), "`keep`", diagnostics)) {
    plan.keeps.push_back(read_keep(entry, diagnostics));
  }
  plan.in_flight = read_expression(map.optional("in_flight"), "`in_flight`", diagnostics);
  plan.barrier =
      read_choice<Barrier>(map.optional("barrier"), "`barrier`",
                           {{"array", Barrier::array}, {"machine", Barrier::machine}}, diagnostics, Barrier::array);
  plan.issue =
      read_choice<IssueOrder>(map.optional("issue"), "`issue`",
                              {{"oldest_first", IssueOrder::oldest_first}, {"listed_first", IssueOrder::listed_first}},
                              diagnostics, IssueOrder::oldest_first);
  const YamlNode phases = map.optional("phases");
  if (phases.defined() && !phases.is_sequence()) {
    diagnostics.error("yaml-type", phases.span(), "`phases` must be a list");
  }
  for (const YamlNode& node : phases.items()) plan.phases.push_back(read_phase(node, diagnostics));
  map.finish();
  diagnostics.throw_if_any();
  return plan;
}

}  // namespace einloom
