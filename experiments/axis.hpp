// SPDX-License-Identifier: Apache-2.0
// `set` and `sweep` as specs write them: settings, and the axes along which they vary.
// Contract: every axis that is read has at least one step, and a key belongs to one axis.
#pragma once

#include <string>
#include <vector>

#include "base/scalar_expression.hpp"
#include "experiments/setting.hpp"

namespace einloom {

// One dimension of the sweep. Each step sets every key of the axis (several when they are zipped).
struct Axis {
  std::vector<std::string> keys;
  std::vector<std::vector<Setting>> steps;
};

struct Sweep {
  std::vector<Axis> axes;                 // the first one varies slowest
  std::vector<ScalarExpression> filters;  // a point stays when every one is > 0
};

// A map key → value; nothing when `node` is undefined. Reports setting-unknown-key, spec-misplaced-key, yaml-type.
void read_settings(const YamlNode& node, const std::string& what, std::vector<Setting>& settings,
                   Diagnostics& diagnostics);

// Reports the same, spec-range, spec-empty-axis, spec-zip-length, spec-swept-twice, spec-too-many-points and errors of
// expressions.
void read_sweep(const YamlNode& node, Sweep& sweep, Diagnostics& diagnostics);

}  // namespace einloom
