// SPDX-License-Identifier: Apache-2.0
// A spec as people read it: what runs, what is set where, and how many points that makes.
// Contract: everything the document says is in it.
#pragma once

#include <string>

#include "experiments/spec.hpp"

namespace einloom {

[[nodiscard]] std::string spec_text(const Spec& spec);

}  // namespace einloom
