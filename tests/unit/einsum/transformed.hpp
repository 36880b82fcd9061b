// SPDX-License-Identifier: Apache-2.0
// Cascades after transformations, and whether they have the values of their origins.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "einsum/transforms/equivalence.hpp"
#include "einsum/transforms/transform.hpp"
#include "unit/einsum/cascades.hpp"
#include "unit/einsum/structure.hpp"

namespace einloom::test {

inline Cascade transformed(Cascade cascade, const std::vector<std::string>& calls) {
  for (const std::string& text : calls) cascade = transforms::apply(transforms::parse_transform(text, {}), cascade);
  return cascade;
}

// Extents without a common pattern; M neither a multiple of the tile nor shorter than it, then both; large scores too.
inline void check_values(const Cascade& origin, const Cascade& result) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> keys_and_tiles = {{13, 4}, {3, 4}, {8, 4}, {5, 1}};
  for (const auto& [keys, tile] : keys_and_tiles) {
    for (const double scale : {1.0, 20.0}) {
      Shape shape;
      std::int64_t next = 2;
      for (const RankDecl& rank : origin.ranks()) {
        shape.set(rank.name, rank.name == "M" ? keys : rank.name == "P" ? 9 : next++);
      }
      for (const ParameterDecl& parameter : result.parameters()) shape.set(parameter.name, tile);
      const transforms::Equivalence equivalence = transforms::compare_values(origin, result, shape, 7, scale);
      INFO("M=" << keys << " M0=" << tile << " scale " << scale << " in " << equivalence.where);
      CHECK(equivalence.values > 0);
      CHECK(equivalence.largest_error <= 1e-13 * scale);
    }
  }
  // It is a document: it prints and loads back to itself.
  CHECK(same(cascade_from(print_cascade(result)), result));
}

}  // namespace einloom::test
