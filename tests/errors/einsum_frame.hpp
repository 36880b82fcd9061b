// SPDX-License-Identifier: Apache-2.0
// A small cascade whose last Einsum is the one under test.
#pragma once

#include <string>
#include <vector>

#include "errors/documents.hpp"

namespace einloom::test {

inline const std::string kEinsumFrame = R"(cascade: c
ranks: [P, M, E]
constants: {EPS: 1e-5}
tensors:
  Q: {ranks: [P, E], role: input}
  K: {ranks: [M, E], role: input}
  IX: {ranks: [P], role: input, dtype: int32}
  T: {ranks: [P, E], role: output}
  S: {ranks: [P, M], role: output}
einsums:
  - T[p,e] = Q[IX[p],e] + EPS
)";

struct BadEinsum {
  std::string text;
  std::string expected;  // everything the user is told
};

inline void check_einsums(const std::vector<BadEinsum>& cases) {
  for (const BadEinsum& each : cases) {
    INFO(each.text);
    CHECK(told([&] {
            const std::string document = kEinsumFrame + "  - " + each.text + "\n";
            static_cast<void>(load_cascade(parse_yaml(source_from_text("c.yaml", document))));
          }) == each.expected);
  }
}

}  // namespace einloom::test
