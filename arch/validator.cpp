// SPDX-License-Identifier: Apache-2.0
#include "arch/validator.hpp"

#include <fmt/format.h>

#include <set>

namespace einloom {
namespace {

void check_components(const Machine& machine, Diagnostics& diagnostics) {
  const Memory* first_dram = nullptr;
  for (const Memory& memory : machine.memories) {
    if (memory.kind != MemoryKind::dram) continue;
    if (first_dram == nullptr) {
      first_dram = &memory;
      continue;
    }
    diagnostics
        .error("machine-several-drams", memory.span,
               fmt::format("`{}` is a second component of kind dram; a machine has one", memory.name))
        .note(fmt::format("`{}` is the first", first_dram->name), first_dram->span);
  }
  if (first_dram == nullptr) {
    diagnostics
        .error("machine-no-dram", machine.span,
               fmt::format("machine `{}` has no component of kind dram; inputs and outputs live there", machine.name))
        .with_help("dram: {kind: dram, bandwidth: 400 GiB/s, latency: 100 cycles, access_width: 8 B, energy: dram}");
  }
  if (machine.arrays.empty()) {
    diagnostics.error(
        "machine-no-array", machine.span,
        fmt::format("machine `{}` has no component of kind pe_array; nothing could compute", machine.name));
  }
}

void check_links(const Machine& machine, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < machine.links.size(); ++i) {
    const Link& link = machine.links[i];
    if (link.from == link.to) {
      diagnostics.error("link-to-itself", link.span,
                        fmt::format("link from `{}` to itself; a link connects two components", link.from));
      continue;
    }
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      const Link& other = machine.links[earlier];
      if (other.from != link.from || other.to != link.to) continue;
      diagnostics
          .error("link-duplicate", link.span,
                 fmt::format("a second link from `{}` to `{}`; there is at most one", link.from, link.to))
          .note("the first is here", other.span);
      break;
    }
  }
}

// Every component reached from `start` along the links, or against them.
std::set<std::string> reached_from(const Machine& machine, const std::string& start, bool forward) {
  std::set<std::string> reached = {start};
  for (bool grew = true; grew;) {
    grew = false;
    for (const Link& link : machine.links) {
      const std::string& near = forward ? link.from : link.to;
      const std::string& far = forward ? link.to : link.from;
      if (reached.count(near) != 0 && reached.insert(far).second) grew = true;
    }
  }
  return reached;
}

void check_reachability(const Machine& machine, Diagnostics& diagnostics) {
  const std::string dram = machine.memories.front().name;
  const std::set<std::string> reached = reached_from(machine, dram, true);
  const std::set<std::string> reaching = reached_from(machine, dram, false);
  const auto report = [&](const std::string& name, const Span& span, const std::string& from, const std::string& to,
                          const std::string& rule) {
    diagnostics
        .error("component-unreachable", span,
               fmt::format("no chain of links leads from `{}` to `{}`; {}", from, to, rule))
        .with_help(fmt::format("add a link, such as {{between: [{}, {}]}}", dram, name));
  };
  for (const Memory& memory : machine.memories) {
    if (reached.count(memory.name) == 0) report(memory.name, memory.span, dram, memory.name, "it could hold nothing");
  }
  for (const PeArray& array : machine.arrays) {
    if (reached.count(array.name) == 0) {
      report(array.name, array.span, dram, array.name, "its operands could not arrive");
    } else if (reaching.count(array.name) == 0) {
      report(array.name, array.span, array.name, dram, "its results could not leave");
    }
  }
}

}  // namespace

void validate_machine(const Machine& machine, const MachineReadState& state, Diagnostics& diagnostics) {
  if (state.all_components) check_components(machine, diagnostics);
  const auto errors_before_links = diagnostics.size();
  check_links(machine, diagnostics);
  const bool links_are_right = state.all_links && diagnostics.size() == errors_before_links;
  const bool has_dram = !machine.memories.empty() && machine.memories.front().kind == MemoryKind::dram;
  if (state.all_components && links_are_right && has_dram) check_reachability(machine, diagnostics);
}

}  // namespace einloom
