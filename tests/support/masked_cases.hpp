// SPDX-License-Identifier: Apache-2.0
// Cascades whose predicates leave whole tiles without points, with extents to draw from, and machines small enough for
// many tiles.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/documents_in_tree.hpp"

namespace einloom::test {

struct MaskedCase {
  std::string cascade;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> values;  // one of each at random
};
inline const std::vector<std::int64_t> kFew = {1, 2, 3}, kSome = {1, 3, 5, 8, 11}, kMany = {5, 9, 12, 16, 23};

inline const std::vector<MaskedCase> kMaskedCases = {
    {"causal", {{"B", kFew}, {"H", kFew}, {"P", kMany}, {"M", kMany}, {"E", kSome}, {"F", kSome}}},
    {"sliding_window",
     {{"B", {1}}, {"H", kFew}, {"P", kMany}, {"M", kMany}, {"E", kFew}, {"F", kSome}, {"WINDOW", {1, 2, 3, 6, 10}}}},
    {"sink_tokens",
     {{"B", {1}},
      {"H", kFew},
      {"P", kMany},
      {"M", kMany},
      {"E", {2, 4}},
      {"F", kFew},
      {"SINKS", {1, 2, 5}},
      {"WINDOW", {1, 3, 6}}}},
    {"kv_decode", {{"B", kFew}, {"H", kFew}, {"P", kFew}, {"T", kMany}, {"E", kFew}, {"F", kFew}}},
    {"neighborhood_1d",
     {{"H", kFew}, {"P", {7, 9, 12, 17}}, {"KX", {3, 5, 7}}, {"CX", {0, 1}}, {"E", kFew}, {"F", kFew}}},
    {"neighborhood_2d",
     {{"H", {1}}, {"PY", {3, 5, 6}}, {"PX", {4, 5, 7}}, {"KY", {3}}, {"KX", {3}}, {"E", {2}}, {"F", {3}}}},
    {"retnet", {{"B", {1}}, {"H", kFew}, {"T", {3, 5, 9}}, {"E", kFew}, {"F", kFew}}},
    {"linear_attention", {{"B", {1}}, {"H", kFew}, {"P", kSome}, {"E", kFew}, {"F", kFew}}}};

inline Shape shape_of(const MaskedCase& extents, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Shape shape;
  for (const auto& [name, values] : extents.values) shape.set(name, values[random() % values.size()]);
  return shape;
}

inline Machine machine_with(std::int64_t dim, const std::string& capacity, bool banked = false) {
  Overrides overrides = {{"parameters.dim", std::to_string(dim)}};
  for (const char* memory : {"global_buffer", "stream_buffer"}) {
    if (!capacity.empty()) overrides.emplace_back(std::string("components.") + memory + ".capacity", capacity);
  }
  if (banked) {
    overrides.emplace_back("components.dram",
                           "{kind: dram, model: banked, timing: hbm2, channels: 2, refresh: false, address_order: "
                           "MOP4CLXOR, access_width: 8 B, energy: dram}");
  }
  return machine_of("fusemax", overrides);
}

// Arrays of 1 to 4, every third with small memories, every fifth with a banked DRAM.
inline Machine machine_of_case(std::uint64_t seed) {
  return machine_with(std::vector<std::int64_t>{1, 2, 3, 4}[seed % 4], seed % 3 == 0 ? "1 KiB" : "", seed % 5 == 0);
}

inline std::string text_of(const MaskedCase& what, const Shape& shape, std::uint64_t seed) {
  std::string text = what.cascade;
  for (const auto& [name, extent] : shape.values()) text += fmt::format(" {}={}", name, extent);
  return text + fmt::format(", seed {}", seed);
}

}  // namespace einloom::test
