// SPDX-License-Identifier: Apache-2.0
// The points of a spec: configurations × models × axes × fidelities × stages, in this order, the last varying fastest.
// Contract: the order depends on the documents alone; points that a filter drops are not there, and it drops a stage
// only with all others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/model.hpp"
#include "experiments/spec.hpp"

namespace einloom {

// A point before its documents are read.
struct Coordinates {
  const Spec* spec = nullptr;
  const Configuration* configuration = nullptr;
  const Stage* stage = nullptr;
  std::size_t group = 0;               // the same for all stages of one configuration × model × axes × fidelity
  std::shared_ptr<const Model> model;  // nullptr when the spec names none
  std::vector<Setting> swept;          // one per swept key, in axis order
  std::vector<Setting> settings;       // all that hold here; later ones win
  std::size_t first_override = 0;      // of `settings`: from here on, those of the command line
  std::vector<std::pair<std::string, std::string>> derived;  // keys that formulas gave a value
  std::optional<std::int64_t> seq_len;
  std::map<std::string, std::int64_t> extents;      // the model's, the sequence length's, and explicit ones
  std::map<std::string, Setting> explicit_extents;  // the settings among them
  Dtype dtype = Dtype::bf16;
  Fidelity fidelity = Fidelity::cycle;

  void add_before_overrides(Setting setting) {
    settings.insert(settings.begin() + static_cast<std::ptrdiff_t>(first_override++), std::move(setting));
  }
};

// `cascade.parameters.M0` and `M0` set the same thing. The parameter's name in either; "" for everything else.
[[nodiscard]] std::string parameter_set_by(const Setting& setting);
// A value that a setting gives a parameter in the cascade's document is its extent: what was said before, by a model or
// as an extent, gives way. Other settings, and values that are no extent (the document's reader says so), change
// nothing.
void set_parameter_extent(const Setting& setting, Coordinates& at);

// `models` in the order of spec.models; `own` are those that configurations name. `spec` must outlive the result.
// UserError setting-not-integer, setting-cycle, setting-unknown-key (model.X), setting-needs-model,
// spec-too-many-points, case-matches-nothing, errors of expressions.
[[nodiscard]] std::vector<Coordinates> expand(const Spec& spec, const std::vector<std::shared_ptr<const Model>>& models,
                                              const std::map<std::string, std::shared_ptr<const Model>>& own = {});

}  // namespace einloom
