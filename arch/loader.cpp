// SPDX-License-Identifier: Apache-2.0
// load_machine: read the document, read its technology, read every component through its description, read the
// links, apply the machine-wide rules, throw everything found at once.
#include <fmt/format.h>

#include <algorithm>

#include "arch/component_reader.hpp"
#include "arch/energy_table.hpp"
#include "arch/machine.hpp"
#include "arch/machine_parameters.hpp"
#include "arch/validator.hpp"
#include "base/suggest.hpp"

namespace einloom {
namespace {

// nullopt when the document could not be found; reported then.
std::optional<EnergyTable> read_technology(const YamlNode& node, const FindTechnology& find_technology,
                                           Machine& machine, Diagnostics& diagnostics) {
  if (!node.defined()) return std::nullopt;
  const auto errors_before = diagnostics.size();
  machine.technology = read_string(node, "`technology`", diagnostics);
  if (diagnostics.size() != errors_before) return std::nullopt;
  try {
    const YamlNode document = find_technology(machine.technology, node.span());
    if (!document.is_map()) {
      static_cast<void>(load_energy_table(document, diagnostics));  // reports yaml-type
      return std::nullopt;
    }
    return load_energy_table(document, diagnostics);
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    return std::nullopt;
  }
}

// Component names as the document writes them, so that a link to a component with an error is not reported again.
class LinkReader {
 public:
  LinkReader(const MachineParameters& parameters, std::vector<std::string> components, Diagnostics& diagnostics)
      : parameters_(parameters), components_(std::move(components)), diagnostics_(diagnostics) {}

  // False when an item could not be turned into links.
  bool read(const YamlNode& node, Machine& machine) const {
    if (!node.is_sequence()) {
      diagnostics_.error("yaml-type", node.span(), "`links` must be a list of links");
      return false;
    }
    bool all = true;
    for (const YamlNode& item : node.items()) all = read_link(item, machine) && all;
    return all;
  }

 private:
  bool read_link(const YamlNode& item, Machine& machine) const {
    YamlMap map(item, "link", diagnostics_);
    if (!item.is_map()) return false;
    const auto errors_before = diagnostics_.size();
    std::vector<Link> links;
    if (const YamlNode between = map.optional("between"); between.defined()) {
      links = read_between(between);
    } else {
      Link link;
      const YamlNode from = map.require("from");
      link.from = read_component(from, "`from` of a link");
      link.to = read_component(map.require("to"), "`to` of a link");
      link.span = from.defined() ? from.span() : item.span();
      links = {std::move(link)};
    }
    if (const YamlNode latency = map.optional("latency"); latency.defined()) {
      const auto cycles = parameters_.read_cycles(latency, "`latency` of a link", 0);
      for (Link& link : links) link.latency = cycles.value_or(link.latency);
    }
    map.finish();
    if (diagnostics_.size() != errors_before) return false;
    for (Link& link : links) machine.links.push_back(std::move(link));
    return true;
  }

  // {between: [a, b]}: a link each way.
  [[nodiscard]] std::vector<Link> read_between(const YamlNode& node) const {
    if (!node.is_sequence() || node.items().size() != 2) {
      diagnostics_.error("link-between", node.span(),
                         node.is_sequence()
                             ? fmt::format("`between` names {} components; a link connects two", node.items().size())
                             : std::string("`between` is not a list; it names the two components of a link: [a, b]"));
      return {};
    }
    const YamlNode& first = node.items()[0];
    const YamlNode& second = node.items()[1];
    Link there{.from = read_component(first, "`between` of a link"),
               .to = read_component(second, "`between` of a link"),
               .latency = Cycles(0),
               .span = first.span()};
    if (there.from == there.to) return {there};  // one error, not two
    Link back{.from = there.to, .to = there.from, .latency = Cycles(0), .span = second.span()};
    return {std::move(there), std::move(back)};
  }

  // "" when it was reported.
  [[nodiscard]] std::string read_component(const YamlNode& node, const std::string& what) const {
    if (!node.defined()) return {};
    const auto errors_before = diagnostics_.size();
    std::string name = read_string(node, what, diagnostics_);
    if (diagnostics_.size() != errors_before) return {};
    if (std::find(components_.begin(), components_.end(), name) == components_.end()) {
      diagnostics_
          .error("link-unknown-component", node.span(),
                 fmt::format("{} is `{}`; the machine has no such component", what, name))
          .with_help(suggestion(name, components_));
      return {};
    }
    return name;
  }

  const MachineParameters& parameters_;
  std::vector<std::string> components_;
  Diagnostics& diagnostics_;
};

Machine read_machine(const YamlNode& document, const FindTechnology& find_technology,
                     const FindDramTiming& find_dram_timing, Diagnostics& diagnostics) {
  Machine machine;
  YamlMap map(document, "machine", diagnostics);
  if (!document.is_map()) return machine;

  const YamlNode name = map.require("machine");
  machine.name = read_string(name, "`machine`", diagnostics);
  machine.span = name.defined() ? name.span() : document.span();
  machine.description = read_string(map.optional("description"), "`description`", diagnostics);
  machine.source = read_string(map.optional("source"), "`source`", diagnostics);
  const MachineParameters parameters(map.optional("parameters"), diagnostics);
  machine.parameters = parameters.values();
  if (const YamlNode clock = map.require("clock"); clock.defined()) {
    machine.clock = parameters.read_frequency(clock, "`clock`", 1).value_or(Hertz(1));
  }
  const std::optional<EnergyTable> technology =
      read_technology(map.require("technology"), find_technology, machine, diagnostics);

  MachineReadState state;
  const YamlNode components = map.require("components");
  state.all_components = components.is_map();
  if (components.defined()) {
    const YamlMap check(components, "`components`", diagnostics);  // reports yaml-type
    const ComponentReader reader(parameters, technology ? &*technology : nullptr, find_dram_timing, diagnostics);
    for (const YamlEntry& entry : components.entries()) {
      state.all_components = reader.read(entry, machine) && state.all_components;
    }
    std::stable_partition(machine.memories.begin(), machine.memories.end(),
                          [](const Memory& memory) { return memory.kind == MemoryKind::dram; });
  }

  const YamlNode links = map.require("links");
  state.all_links = components.is_map() && links.defined();
  if (state.all_links) {
    std::vector<std::string> names;
    for (const YamlEntry& entry : components.entries()) names.push_back(entry.key);
    state.all_links = LinkReader(parameters, std::move(names), diagnostics).read(links, machine);
  }
  map.finish();
  validate_machine(machine, state, diagnostics);
  return machine;
}

}  // namespace

Machine load_machine(const YamlNode& document, const FindTechnology& find_technology,
                     const FindDramTiming& find_dram_timing) {
  Diagnostics diagnostics;
  Machine machine = read_machine(document, find_technology, find_dram_timing, diagnostics);
  diagnostics.throw_if_any();
  return machine;
}

}  // namespace einloom
