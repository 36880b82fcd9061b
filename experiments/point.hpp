// SPDX-License-Identifier: Apache-2.0
// A point ready to run: its documents with overrides applied and read, and the text that determines its result.
// Contract: equal `content` means equal results of one build; documents are parsed once, however many points use them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/machine.hpp"
#include "einsum/cascade.hpp"
#include "experiments/documents.hpp"
#include "experiments/space.hpp"
#include "mappings/plan.hpp"

namespace einloom {

struct Point {
  std::string spec, configuration, stage, model;  // stage and model are "" when there is none
  std::int64_t repeat = 1;                        // of the stage
  std::size_t group = 0;                          // the same for all stages of one configuration × … × fidelity
  std::vector<std::pair<std::string, std::string>> swept;
  std::vector<std::pair<std::string, std::string>> derived;  // by formulas: key and value
  std::shared_ptr<const Cascade> cascade;
  std::shared_ptr<const Machine> machine;
  std::shared_ptr<const Plan> plan;
  std::map<std::string, std::int64_t> extents;  // the model's other dimensions included
  std::optional<std::int64_t> seq_len;
  Shape workload;  // what lowering is given: extents and parameters that the cascade has
  Dtype dtype = Dtype::bf16;
  Fidelity fidelity = Fidelity::cycle;
  Span where;           // the configuration, blamed for missing extents
  std::string content;  // documents, workload, dtype and fidelity, in full

  // "" for the total of stages, which has none.
  [[nodiscard]] std::string cascade_name() const { return cascade ? cascade->name() : ""; }
  [[nodiscard]] std::string plan_name() const { return plan ? plan->name : ""; }
  // spec/configuration/stage/model/key=value…/fidelity
  [[nodiscard]] std::string label() const;
};

// Every point of the specs, in order. UserError with everything that is wrong with the documents they use,
// setting-unknown-key for extents no cascade or model has.
[[nodiscard]] std::vector<Point> resolve_points(const Library& library, const std::vector<Spec>& specs);

}  // namespace einloom
