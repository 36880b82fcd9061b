// SPDX-License-Identifier: Apache-2.0
// Small cascades and shapes for the tests of einsum/.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/cascade.hpp"

namespace einloom::test {

inline Cascade cascade_from(const std::string& text) {
  return load_cascade(parse_yaml(source_from_text("c.yaml", text)));
}

inline Cascade shipped_cascade(const std::string& name, const std::map<std::string, std::string>& options = {}) {
  return load_cascade(load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/" + name + ".yaml"),
                      {options, {}, {}});
}

inline Shape shape_of(const Cascade& cascade, std::initializer_list<std::pair<const char*, std::int64_t>> extents) {
  Shape shape;
  for (const auto& [name, value] : extents) shape.set(name, value);
  return cascade.bind(shape, {});
}

// The complete text of the errors of a document; "" when it loads.
inline std::string errors_of(const std::string& text) {
  try {
    static_cast<void>(cascade_from(text));
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

// A matrix product Z = A·B with another Einsum text.
inline std::string matrix_document(const std::string& einsum) {
  return "cascade: c\nranks: [M, N, K]\ntensors:\n  A: {ranks: [M, K], role: input}\n  B: {ranks: [K, N], role: "
         "input}\n"
         "  Z: {ranks: [M, N], role: output}\neinsums:\n  - " +
         einsum + "\n";
}

}  // namespace einloom::test
