// SPDX-License-Identifier: Apache-2.0
// Joint attention: the tokens of two streams (an image's or video's, and a text's) attend over both at once.
#pragma once

#include <vector>

#include "einsum/reference/rows.hpp"

namespace einloom::reference {

// Tokens of one head; keys and values belong together.
struct Stream {
  std::vector<Row> queries, keys, values;
};

// One row of values per query of `queries`, over the keys of `first` and `second`, scaled by 1/sqrt of a key's length.
[[nodiscard]] std::vector<Row> joint_attention(const std::vector<Row>& queries, const Stream& first,
                                               const Stream& second);

}  // namespace einloom::reference
