// SPDX-License-Identifier: Apache-2.0
// Cascades whose predicates leave whole tiles without points, with extents to draw from, and machines small enough for
// many tiles.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "support/documents_in_tree.hpp"

namespace einloom::test {

struct MaskedCase {
  std::string cascade;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> values;  // one of each at random
  std::map<std::string, std::string> options{};
  std::string mask{};  // an input that is 1 or 0, drawn with several densities
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

// Masks that are data: block masks, lengths, padding, distances.
inline const std::vector<MaskedCase> kDataCases = {
    {"paro", {{"H", kFew}, {"P", kMany}, {"E", kFew}, {"F", kFew}, {"M0", {1, 2, 3, 4}}}, {}, "BM"},
    {"paro",
     {{"H", kFew}, {"P", kMany}, {"E", kFew}, {"F", kFew}, {"M0", {2, 3, 4}}, {"T0", {0, 1, 3}}},
     {{"text", "front"}},
     "BM"},
    {"paro_int8", {{"H", kFew}, {"P", kSome}, {"E", {2}}, {"F", {2}}, {"M0", {2, 3}}, {"QROWS", {2, 3}}}, {}, "BM"},
    {"sparse_d",
     {{"G", {1, 2}}, {"R", {1, 2}}, {"P", kMany}, {"E", kFew}, {"F", kFew}, {"M0", {1, 2, 3, 5}}},
     {},
     "BM"},
    {"soft_pag",
     {{"H", kFew}, {"P", kMany}, {"E", kFew}, {"F", kFew}, {"IM", {0, 2, 5}}, {"NV", {1, 4, 9, 30}}},
     {{"identity_scope", "image_block"}}},
    {"cross",
     {{"B", {1, 2, 4}}, {"H", kFew}, {"P", kSome}, {"M", kMany}, {"E", kFew}, {"F", kFew}},
     {{"lengths", "given"}}},
    {"paged_decode",
     {{"B", {2, 3}},
      {"G", {1, 2}},
      {"R", {1, 2}},
      {"P", {1, 2}},
      {"N", {4, 9}},
      {"M", {6, 9, 16}},
      {"E", kFew},
      {"F", kFew},
      {"M0", {2, 3, 4}}}},
    {"attention_strength", {{"H", {1, 2}}, {"E", {2}}, {"GRID", {2, 3}}, {"HOP", {3, 4}}}},
    {"attention_strength", {{"H", {1, 2}}, {"E", {2}}, {"GRID", {2, 3}}, {"HOP", {3, 4}}}, {{"sums", "by_row"}}},
    {"attention_strength",
     {{"H", {3, 4}}, {"E", {2}}, {"F", {2, 3}}, {"GRID", {2, 3}}, {"HOP", {2}}},
     {{"pruning", "patch_to_patch"}},
     "KEEP"},
    {"linear_attention",
     {{"B", {1, 2}}, {"H", kFew}, {"P", kSome}, {"E", kFew}, {"F", kFew}},
     {{"mask", "keys"}},
     "MASK"},
    {"minilm_relation",
     {{"B", {1, 2}}, {"H", {1, 2}}, {"P", kSome}, {"ET", {2}}, {"ES", {3}}},
     {{"mask", "padding"}},
     "MASK"},
    {"ring_attention",
     {{"B", {1}}, {"G", {1, 2}}, {"R", {1}}, {"D", {2, 3}}, {"P", {4, 6}}, {"E", {2}}, {"F", {2}}},
     {{"mask", "causal"}, {"layout", "zigzag"}}},
    {"temporal_interest", {{"B", {2, 4}}, {"M", kMany}, {"N", {4, 9}}, {"C", {2}}, {"T", {3}}, {"D", {2}}}}};

inline Shape shape_of(const MaskedCase& extents, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Shape shape;
  for (const auto& [name, values] : extents.values) shape.set(name, values[random() % values.size()]);
  return shape;
}

// The cascade of a case; of ten seeds each draws its mask with another density, from 0.1 to 1.
inline Cascade cascade_of_case(const MaskedCase& what, std::uint64_t seed) {
  Overrides overrides;
  if (!what.mask.empty()) {
    overrides.emplace_back("check.inputs." + what.mask, fmt::format("{{mask: {}}}", 0.1 * (1 + seed * 3 % 10)));
  }
  return load_cascade(document_in_tree("einsum/cascades/" + what.cascade + ".yaml", overrides), {what.options, {}, {}});
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
  for (const auto& [name, value] : what.options) text += fmt::format(" {}={}", name, value);
  for (const auto& [name, extent] : shape.values()) text += fmt::format(" {}={}", name, extent);
  return text + fmt::format(", seed {}", seed);
}

// Small memories may hold no tile, and seeded extents may leave a derived rank none: such cases are refused.
template <class Check>
void unless_refused(Check&& check) {
  try {
    check();
  } catch (const UserError& error) {
    const std::string& code = error.diagnostics().front().code;
    INFO(error.diagnostics().front().message);
    CHECK((code == "tile-exceeds-buffer" || code == "shape-not-positive"));
  }
}

}  // namespace einloom::test
