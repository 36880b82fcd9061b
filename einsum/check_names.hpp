// SPDX-License-Identifier: Apache-2.0
// The names in a cascade's `check:` section: formulas are of ranks, parameters and constants; inputs are tensors.
#pragma once

#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"
#include "einsum/cascade_builder.hpp"

namespace einloom {

// Reports einsum-unknown-symbol, einsum-unknown-op, einsum-op-arity in formulas; check-unknown-name for tensors that
// are no inputs and for kinds of operations. Inputs of all the cascade's forms count.
void validate_checks(const YamlNode& document, const CascadeDraft& draft, Diagnostics& diagnostics);

// A formula's value. UserError einsum-unknown-symbol when it names what this form of the cascade does not have.
[[nodiscard]] double formula_value(const Cascade& cascade, const Expression& formula, const Shape& shape);

}  // namespace einloom
