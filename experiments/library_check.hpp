// SPDX-License-Identifier: Apache-2.0
// Everything a cascade's document claims (`check:`), held against what comes out: values against the hand-written
// kernel, operations against the stated closed forms, passes against the rule.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"
#include "experiments/report_json.hpp"
#include "experiments/row.hpp"

namespace einloom {

enum class Claim { not_stated, equal, partly, differs };  // partly: what is stated is equal, not all is stated

struct CaseResult {
  std::string name;  // options and shape
  // |x - r| / (1 + |r|) against the kernel.
  double max_rel_error_fp64 = 0;  // without stress
  double max_rel_error = 0;       // fp32, without stress
  double max_rel_error_stressed = 0;
  Claim operations = Claim::not_stated, passes = Claim::not_stated;
  std::int64_t values = 0;            // compared, all runs
  std::vector<std::string> problems;  // empty: everything claimed holds
};

struct LibraryCheck {
  std::string cascade, paper, family;
  std::string passes;  // of the usual form, as passes_text
  std::vector<CaseResult> cases;
  std::string error;  // why the document could not be checked; "" when it was
  [[nodiscard]] bool passed() const;
  // Of all cases together: differs when one does, equal when all are.
  [[nodiscard]] Claim of_all(Claim CaseResult::*claim) const;
  [[nodiscard]] double largest(double CaseResult::*error) const;
};

// Runs every case in fp64 (with 1e-5 of the stated tolerance) and fp32, and again with stressed inputs where stated.
// With `options`, only the cases of these forms. UserError where the document is wrong, names no kernel, or has no case
// (check-missing).
[[nodiscard]] LibraryCheck check_document(const YamlNode& document, std::uint64_t seed,
                                          const std::map<std::string, std::string>& options = {});

// What the document lets be checked: `checked` when it names a kernel and its cases state operations and passes, else
// what is missing, as `no kernel, no passes`.
[[nodiscard]] std::string state_text(const Cascade& cascade);

[[nodiscard]] Row check_row(const LibraryCheck& check);
[[nodiscard]] Json check_json(const LibraryCheck& check);
// One line a cascade.
[[nodiscard]] std::string checks_table(const std::vector<LibraryCheck>& checks);

}  // namespace einloom
