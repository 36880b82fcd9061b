// SPDX-License-Identifier: Apache-2.0
// The documents of points with their settings, and the values read from them, each read once however many points use
// it. Contract: values are remembered by the documents' text.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "einsum/cascade.hpp"
#include "experiments/documents.hpp"
#include "experiments/space.hpp"
#include "mappings/plan.hpp"

namespace einloom {

// Names that a workload of the cascade gives values: its ranks and parameters.
[[nodiscard]] std::vector<std::string> workload_names(const Cascade& cascade);
// The extents and parameters of a cascade at a point.
[[nodiscard]] Shape workload_of(const Cascade& cascade, const Coordinates& at);
// What is blamed for missing ones: the configuration, or its stage.
[[nodiscard]] Span blamed(const Coordinates& at);

// A point's documents with everything that is set in them.
struct PointDocuments {
  YamlNode cascade, machine, plan;

  // The text at a place (`machine.parameters.dim`); nullopt when there is no scalar.
  [[nodiscard]] std::optional<std::string> text_at(const std::string& key) const;
  // The document a place is in; nullptr when `key` starts with none of their names.
  [[nodiscard]] const YamlNode* document_of(const std::string& key) const;
};

class Workshop {
 public:
  explicit Workshop(const Library& library) : library_(library) {}

  template <class Value>
  struct Read {
    std::shared_ptr<const Value> value;
    std::string text;  // determines the value
  };
  [[nodiscard]] Read<Cascade> cascade(const YamlNode& document);
  [[nodiscard]] Read<Machine> machine(const YamlNode& document);  // the text includes the technology's and timing set's
  [[nodiscard]] Read<Plan> plan(const YamlNode& document);
  [[nodiscard]] std::shared_ptr<const Model> model(const Name& name);

  // The documents that the stage, or a setting, names. The default plan is made for the point's extents; while formulas
  // have yet to give them there is none. UserError setting-unknown-place, default-plan-documents, what default_plan and
  // reading the documents find.
  enum class Extents { known, to_be_derived };
  [[nodiscard]] PointDocuments documents(const Coordinates& at, Extents extents = Extents::known);

 private:
  template <class Value>
  using Known = std::map<std::string, std::shared_ptr<const Value>>;

  template <class Value>
  static Read<Value> read(Known<Value>& known, const YamlNode& document, const std::function<Value()>& load) {
    std::string text = canonical_text(document);
    auto found = known.find(text);
    if (found == known.end()) found = known.emplace(text, std::make_shared<const Value>(load())).first;
    return {found->second, std::move(text)};
  }

  const Library& library_;
  Known<Cascade> cascades_;
  Known<Machine> machines_;
  Known<Plan> plans_;
  Known<Model> models_;
  std::map<std::string, std::string> parts_;  // technology and timing set, by machine text
};

}  // namespace einloom
