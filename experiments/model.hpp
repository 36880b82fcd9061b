// SPDX-License-Identifier: Apache-2.0
// A model: the extents a network gives to the ranks of attention, and which of them grow with the sequence.
// Contract: every extent is at least 1; ranks in `from_seq_len` have no extent of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"

namespace einloom {

inline constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;

struct Model {
  std::string name, source, description;
  std::map<std::string, std::int64_t> extents;
  std::vector<std::string> from_seq_len;  // ranks whose extent is the sequence length
  Span span;
};

// UserError with all errors of the document (reader's codes, model-rank-name, model-extent-twice).
[[nodiscard]] Model load_model(const YamlNode& document);

// Upper-case letter, then letters, digits and underscores: what a rank or parameter is called.
[[nodiscard]] bool is_rank_name(const std::string& text);

}  // namespace einloom
