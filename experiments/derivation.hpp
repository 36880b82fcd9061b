// SPDX-License-Identifier: Apache-2.0
// What `derive` sets at a point: the value of a formula over everything the point has a number for.
// Contract: comes after all other settings, but not over those of the command line.
#pragma once

#include <functional>
#include <string>

#include "experiments/formulas.hpp"
#include "experiments/named_values.hpp"
#include "experiments/space.hpp"

namespace einloom {

// The text at a place of the point's documents (`machine.parameters.dim`); nullopt when there is none.
using DocumentText = std::function<std::optional<std::string>(const std::string& key)>;

// Names formulas may use: of `let`, extents, `seq_len`, set keys with a number (whole, or their last part when only one
// key has it), and numbers in documents by their whole key. Of one name the first in this order counts.
[[nodiscard]] NamedValues values_at(const Coordinates& at, const Formulas& formulas, const DocumentText& text_at);

// Whether the command line sets this place at the point; of a parameter, by either of its keys.
[[nodiscard]] bool is_overridden(const Coordinates& at, const Setting& place);

// Adds to `at` what is derived: settings, extents, and the values for the CSV. Where the document has a unit the value
// counts base units (bytes for `16 MiB`). UserError setting-not-integer for extents, errors of expressions.
void derive(const Formulas& formulas, const DocumentText& text_at, Coordinates& at);

}  // namespace einloom
