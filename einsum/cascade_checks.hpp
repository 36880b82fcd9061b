// SPDX-License-Identifier: Apache-2.0
// What a cascade's document says it can be held to (`check:`): small cases, how their inputs are drawn, and the passes
// and operation counts that its source states. `einloom check` and the tests of the library run them all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"
#include "einsum/expression.hpp"

namespace einloom {

enum class Drawing {
  normal,       // normal(0, a)
  uniform,      // [a, b)
  integers,     // whole numbers in [0, `below`)
  distinct,     // different whole numbers in [0, `below`), ascending along the last rank
  permutation,  // of the last rank, anew for every fiber
  mask,         // 0 or 1, ones with probability a
  unit_rows,    // normal, then every fiber of the last rank has length 1
  constant      // a
};

struct InputValues {
  Drawing drawing = Drawing::normal;
  double a = 1, b = 0;
  Expression below;  // uniform
};

using CountFormulas = std::map<std::string, Expression>;  // uniform expressions over ranks, parameters and constants

struct CheckCase {
  std::map<std::string, std::int64_t> shape;  // ranks that are not derived, and parameters
  std::map<std::string, std::string> options;
  std::map<std::string, double> constants;
  std::map<std::string, std::int64_t> passes;  // of the unpartitioned ranks that the source speaks of
  CountFormulas operations;                    // all operations, by kind; empty: the source states none
  Span span;
};

inline constexpr double kLargestTolerance = 0.1;  // above it, a tolerance checks nothing

struct CascadeChecks {
  double tolerance = 1e-5;                    // fp32: |error| <= tolerance · (1 + |kernel|)
  std::map<std::string, InputValues> inputs;  // normal(0, 1) for those not named
  std::map<std::string, double> stress;  // factors of a second run of every case; its tolerance is ten times larger
  std::vector<CheckCase> cases;
};

// Names in it are checked where a case is run. Errors: those of base/yaml_reader, einsum-syntax, check-drawing.
[[nodiscard]] CascadeChecks read_checks(const YamlNode& node, Diagnostics& diagnostics);

}  // namespace einloom
