// SPDX-License-Identifier: Apache-2.0
// One point out of those of a spec: for commands that look at a single run.
// Contract: points are not changed; what cannot be told apart is an error that says how many there are.
#pragma once

#include <string>
#include <vector>

#include "experiments/point.hpp"

namespace einloom {

// What tells points apart, key and value: spec, configuration, stage, model, seq_len, swept and derived keys, dtype,
// fidelity; extents and document names last.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> coordinates_of(const Point& point);

// How the command at hand lets the user choose: `--point key=value,…`, or `--set key=value` for each key.
enum class PointOption { point, set };

// The point at which every `key=value` of `choice` (separated by commas, "" for no condition) holds; `where` is the
// option that asks for it. UserError setting-syntax, point-unknown-key, point-none, point-several.
[[nodiscard]] const Point& choose_point(const std::vector<Point>& points, PointOption option, const std::string& choice,
                                        const Span& where);

}  // namespace einloom
