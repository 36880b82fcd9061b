// SPDX-License-Identifier: Apache-2.0
// Everything a cascade's document claims (`check:`), held against what comes out: values against the hand-written
// kernel, operations against the stated closed forms, passes against the rule.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"

namespace einloom {

struct CaseResult {
  std::string name;          // options and shape
  double max_rel_error = 0;  // fp32, |x - r| / (1 + |r|), without stress
  double max_rel_error_stressed = 0;
  std::int64_t values = 0;            // compared, all runs
  std::vector<std::string> problems;  // empty: everything claimed holds
};

struct LibraryCheck {
  std::string cascade;
  std::vector<CaseResult> cases;
  [[nodiscard]] bool passed() const;
};

// Runs every case in fp64 (with 1e-5 of the stated tolerance) and fp32, and again with stressed inputs where stated.
// UserError where the document is wrong, names no kernel, or has no case (check-missing).
[[nodiscard]] LibraryCheck check_document(const YamlNode& document, std::uint64_t seed);

}  // namespace einloom
