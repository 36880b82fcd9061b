// SPDX-License-Identifier: Apache-2.0
// Documents of the tree, with overrides, as the objects that lowering takes: the set-up of every test that simulates.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "arch/machine.hpp"
#include "base/source_file.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"
#include "mappings/lower.hpp"
#include "mappings/plan.hpp"
#include "sim/simulate.hpp"

namespace einloom::test {

using Overrides = std::vector<std::pair<std::string, std::string>>;  // path in the document, value

inline YamlNode document_in_tree(const std::string& path, const Overrides& overrides = {}) {
  YamlNode document = load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/" + path);
  for (const auto& [where, value] : overrides) document = with_override(document, where, value, "--set");
  return document;
}

// Sorted names of the documents in a folder of the tree.
inline std::vector<std::string> documents_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(std::string(EINLOOM_SOURCE_DIR) + "/" + folder)) {
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<std::string> plans_in_tree() { return documents_of("mappings/plans"); }
inline std::vector<std::string> cascades_in_tree() { return documents_of("einsum/cascades"); }

inline Cascade cascade_of(const std::string& name, const std::map<std::string, std::string>& options = {}) {
  return load_cascade(document_in_tree("einsum/cascades/" + name + ".yaml"), {options, {}, {}});
}

// The form of the cascade that the plan is for.
inline Cascade cascade_for(const Plan& plan) {
  std::map<std::string, std::string> options;
  for (const PlanOption& each : plan.options) options[each.option.text] = each.value.text;
  return cascade_of(plan.cascade.text, options);
}

inline Plan plan_of(const std::string& name, const Overrides& overrides = {}) {
  return load_plan(document_in_tree("mappings/plans/" + name + ".yaml", overrides));
}

inline YamlNode technology_of(const std::string& name, const Span&) {
  return document_in_tree("arch/technologies/" + name + ".yaml");
}

inline YamlNode dram_timing_of(const std::string& name, const Span&) {
  return document_in_tree("arch/dram_timings/" + name + ".yaml");
}

inline Machine machine_of(const std::string& name, const Overrides& overrides = {}) {
  return load_machine(document_in_tree("arch/machines/" + name + ".yaml", overrides), technology_of, dram_timing_of);
}

inline const std::string kInterleaved = "attention_1pass__fusemax__interleaved";
inline const std::string kSerial = "attention_1pass__fusemax__serial";

struct AttentionShape {
  std::int64_t b = 1, h = 1, p = 1, m = 1, e = 1, f = 1;
  [[nodiscard]] Shape shape() const {
    Shape shape;
    const std::pair<const char*, std::int64_t> values[] = {{"B", b}, {"H", h}, {"P", p}, {"M", m}, {"E", e}, {"F", f}};
    for (const auto& [name, value] : values) shape.set(name, value);
    return shape;
  }
};

// Cycles an account charges to `kind`, and to `subject` if one is given.
inline std::int64_t charged(const std::vector<Account>& accounts, const std::string& kind,
                            const std::string& subject = {}) {
  std::int64_t cycles = 0;
  for (const Account& account : accounts) {
    if (account.kind == kind && (subject.empty() || account.subject == subject)) cycles += account.cycles.value();
  }
  return cycles;
}

}  // namespace einloom::test
