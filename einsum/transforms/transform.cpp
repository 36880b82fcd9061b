// SPDX-License-Identifier: Apache-2.0
// The sorted list of transformations. A new one is a pair of files and a line here.
#include "einsum/transforms/transform.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/suggest.hpp"
#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/chunk_recurrence.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/detach_tiles.hpp"
#include "einsum/transforms/exchange_sums.hpp"
#include "einsum/transforms/gathered_values.hpp"
#include "einsum/transforms/merge_form.hpp"
#include "einsum/transforms/partition_rank.hpp"
#include "einsum/transforms/point_values.hpp"
#include "einsum/transforms/separate_reductions.hpp"

namespace einloom::transforms {

const std::vector<Transform>& all_transforms() {
  static const std::vector<Transform> kTransforms = {
      {"chunk", kDefaultChunk, "makes a linear recurrence over the rank one over chunks, with pairs of tokens inside",
       &chunk_recurrence},
      {"defer", 0, "takes what is known after a pass out of the reductions over the rank",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) { return defer_scaling(cascade, rank); }},
      {"detach", 0, "makes the positions inside the tiles of a rank, its inner part, a rank of their own",
       [](const Cascade& cascade, const std::string& inner, std::int64_t) { return detach_tiles(cascade, inner); }},
      {"exchange", 0, "sums over other ranks outside the sum over the rank, where it waits for a pass",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) { return exchange_sums(cascade, rank); }},
      {"gather", 0, "copies what is gathered from the rank as soon as its indices are known",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) { return gathered_values(cascade, rank); }},
      {"partition", kDefaultTile, "cuts the rank into tiles", &partition_rank},
      {"points", 0, "makes what is read at one point of the rank there by itself",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) { return point_values(cascade, rank); }},
      {"running", 0, "reduces a partitioned rank tile by tile, correcting what the tiles before gave",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) {
         return merge_form(cascade, rank, MergeStyle::running).cascade;
       }},
      {"separate", 0, "reduces over the rank first where a late Einsum reduces over others too",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) {
         return separate_reductions(cascade, rank);
       }},
      {"split", 0, "reduces the tiles of a partitioned rank apart and merges them at the end (split-K)",
       [](const Cascade& cascade, const std::string& rank, std::int64_t) {
         return merge_form(cascade, rank, MergeStyle::at_end).cascade;
       }},
  };
  return kTransforms;
}

std::string TransformCall::text() const {
  return transform->default_tile > 0 ? fmt::format("{}:{}={}", transform->name, rank, tile)
                                     : fmt::format("{}:{}", transform->name, rank);
}

TransformCall parse_transform(const std::string& text, const Span& where) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  TransformCall call;
  std::vector<std::string> names;
  for (const Transform& each : all_transforms()) {
    names.push_back(each.name);
    if (each.name == name) call.transform = &each;
  }
  if (!call.transform) {
    throw UserError(Diagnostic{
        "transform-unknown", fmt::format("there is no transformation `{}`", name), where, {}, suggestion(name, names)});
  }
  const auto wrong = [&](const std::string& why) {
    throw UserError(
        Diagnostic{"transform-syntax",
                   fmt::format("`{}` is no transformation: {}", text, why),
                   where,
                   {},
                   fmt::format("write `{}:M`{}", name,
                               call.transform->default_tile > 0 ? fmt::format(" or `{}:M=64`", name) : "")});
  };
  if (colon == std::string::npos || colon + 1 == text.size()) wrong("it names no rank");
  const std::size_t equals = text.find('=', colon);
  call.rank = text.substr(colon + 1, equals == std::string::npos ? equals : equals - colon - 1);
  call.tile = call.transform->default_tile;
  if (equals == std::string::npos) return call;
  if (call.transform->default_tile == 0) wrong(fmt::format("`{}` takes no number", name));
  const char* begin = text.data() + equals + 1;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(begin, end, call.tile);
  if (problem != std::errc() || stop != end || call.tile < 1 || call.tile > (std::int64_t{1} << 40)) {
    wrong("the size of a tile is a whole number from 1 on");
  }
  return call;
}

Cascade apply(const TransformCall& call, const Cascade& cascade) {
  return call.transform->apply(cascade, call.rank, call.tile);
}

Cascade renamed(const Cascade& cascade, const std::string& name, const std::string& description) {
  CascadeDraft draft = draft_of(cascade);
  draft.name = name;
  draft.description = description;
  Diagnostics diagnostics;
  return CascadeBuilder::build(std::move(draft), diagnostics);
}

}  // namespace einloom::transforms
