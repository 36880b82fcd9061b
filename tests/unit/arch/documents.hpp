// SPDX-License-Identifier: Apache-2.0
// Machines for the tests of arch/: from the tree and from text, and the errors a text gives.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "arch/machine.hpp"
#include "base/diagnostic.hpp"
#include "base/source_file.hpp"
#include "base/yaml_reader.hpp"

namespace einloom::test {

// A technology with one memory of each sort, four operations and one register file.
inline const std::string kTinyTechnology = R"(technology: tiny
memories:
  dram: {read: 8 pJ, write: 9 pJ, access_width: 8 B, source: test}
  sram: {read: 2 pJ, write: 3 pJ, area: 5 um^2, source: test}
operations:
  add: {energy: 1 pJ, area: 0 um^2, source: test}
  exp: {energy: 7 pJ, area: 40 um^2, source: test}
  mac: {energy: 4 pJ, area: 10 um^2, source: test}
  max: {energy: 0.5 pJ, area: 2 um^2, source: test}
registers:
  pe: {read: 0.25 pJ, write: 0.125 pJ, area: 100 um^2, source: test}
)";

// The smallest complete machine; tests replace parts of it.
inline const std::string kTinyMachine = R"(machine: tiny
technology: tiny
parameters: {dim: 4}
clock: 1 GHz
components:
  dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram}
  buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}
  array: {kind: pe_array, rows: dim, columns: dim, pe: pe, operations: {mac: 1, exp: 2}}
links:
  - {between: [dram, buffer]}
  - {between: [buffer, array]}
)";

// The first occurrence of `from` in `text` replaced by `to`; `from` must occur.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ensure(at != std::string::npos, "test text without the part to replace: " + from);
  return text.replace(at, from.size(), to);
}

inline YamlNode tiny_technology(const std::string&, const Span&) {
  return parse_yaml(source_from_text("tiny_technology.yaml", kTinyTechnology));
}

inline Machine machine_from(const std::string& text, const FindTechnology& find_technology = tiny_technology) {
  return load_machine(parse_yaml(source_from_text("tiny.yaml", text)), find_technology);
}

inline YamlNode technology_in_tree(const std::string& name, const Span&) {
  return load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/technologies/" + name + ".yaml");
}

// A machine of arch/machines with overrides (path, value) applied.
inline Machine machine_in_tree(const std::string& name,
                               const std::vector<std::pair<std::string, std::string>>& overrides = {}) {
  YamlNode document = load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/machines/" + name + ".yaml");
  for (const auto& [path, value] : overrides) document = with_override(document, path, value, "--set");
  return load_machine(document, technology_in_tree);
}

// Everything the user is told; "" when the machine loads.
inline std::string errors_of(const std::string& text, const FindTechnology& find_technology = tiny_technology) {
  try {
    static_cast<void>(machine_from(text, find_technology));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

// The errors of the tiny machine with `from` replaced by `to`.
inline std::string errors_with(const std::string& from, const std::string& to) {
  return errors_of(replaced(kTinyMachine, from, to));
}

// The errors of the tiny machine under the tiny technology with `from` replaced by `to`.
inline std::string errors_with_technology(const std::string& from, const std::string& to) {
  return errors_of(kTinyMachine, [&](const std::string&, const Span&) {
    return parse_yaml(source_from_text("tiny_technology.yaml", replaced(kTinyTechnology, from, to)));
  });
}

}  // namespace einloom::test
