// SPDX-License-Identifier: Apache-2.0
// A model: the extents a network gives to the ranks of attention, which of them grow with the sequence, and the form of
// the cascade that it runs. Contract: every extent is at least 1; ranks in `from_seq_len` have no extent of their own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"
#include "experiments/cascade_choice.hpp"

namespace einloom {

inline constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;

struct Model {
  std::string name, source, description;
  std::map<std::string, std::int64_t> extents;  // of ranks, and values of parameters
  std::vector<std::string> from_seq_len;        // ranks whose extent is the sequence length
  std::optional<std::int64_t> seq_len;          // the usual sequence length, when nothing sets one
  std::vector<CascadeChoice> choices;           // options and constants of the cascades it is run with
  Span span;
};

// UserError with all errors of the document (reader's codes, model-rank-name, model-extent-twice, model-no-seq-len).
[[nodiscard]] Model load_model(const YamlNode& document);

// Upper-case letter, then letters, digits and underscores: what a rank or parameter is called.
[[nodiscard]] bool is_rank_name(const std::string& text);

}  // namespace einloom
