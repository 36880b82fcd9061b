// SPDX-License-Identifier: Apache-2.0
// The setting `seq_len` gives the extent of the ranks that a model lists in `from_seq_len`; without such it sets
// nothing.
#pragma once

#include <string>

#include "experiments/model.hpp"
#include "experiments/setting.hpp"

namespace einloom {

// Reports setting-needs-model when there is no model (with the text `no_model`), or one without such ranks.
inline bool require_seq_len_ranks(const Setting& seq_len, const Model* model, const std::string& no_model,
                                  Diagnostics& diagnostics) {
  if (model != nullptr && !model->from_seq_len.empty()) return true;
  diagnostics.error(
      "setting-needs-model", seq_len.key_span,
      model ? "model `" + model->name + "` has no ranks `from_seq_len`; `seq_len` sets nothing" : no_model);
  return false;
}

}  // namespace einloom
