// SPDX-License-Identifier: Apache-2.0
#include "experiments/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace einloom {

bool is_rank_name(const std::string& text) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !text.empty() && text[0] >= 'A' && text[0] <= 'Z' && std::all_of(text.begin(), text.end(), is_part);
}

namespace {

void read_choices(const YamlNode& node, const std::string& what, ChoiceKind kind, Model& model,
                  Diagnostics& diagnostics) {
  if (node.defined() && !node.is_map()) {
    YamlMap reported(node, what, diagnostics);
  }
  for (const YamlEntry& entry : node.entries()) {
    const std::string value = kind == ChoiceKind::option
                                  ? read_string(entry.value, fmt::format("option `{}`", entry.key), diagnostics)
                                  : entry.value.text();
    if (kind == ChoiceKind::constant) {
      (void)read_number(entry.value, fmt::format("constant `{}`", entry.key), diagnostics, 0);
    }
    model.choices.push_back({kind, entry.key, value, entry.key_span, entry.value.span()});
  }
}

}  // namespace

Model load_model(const YamlNode& document) {
  Diagnostics diagnostics;
  Model model;
  model.span = document.span();
  YamlMap map(document, "model", diagnostics);
  model.name = read_string(map.require("model"), "model", diagnostics);
  model.source = read_string(map.require("source"), "source", diagnostics);
  model.description = read_string(map.optional("description"), "description", diagnostics);
  const YamlNode extents = map.require("extents");
  const YamlNode from_seq_len = map.optional("from_seq_len");
  const YamlNode seq_len = map.optional("seq_len");
  if (seq_len.defined()) model.seq_len = read_integer(seq_len, "seq_len", diagnostics, 1, kLargestExtent, 1);
  read_choices(map.optional("options"), "`options`", ChoiceKind::option, model, diagnostics);
  read_choices(map.optional("constants"), "`constants`", ChoiceKind::constant, model, diagnostics);
  map.finish();

  const auto check_name = [&](const std::string& name, const Span& span) {
    if (is_rank_name(name)) return;
    diagnostics.error("model-rank-name", span,
                      fmt::format("`{}` is not a rank; ranks start with an upper-case letter", name));
  };
  if (extents.defined() && !extents.is_map()) {
    YamlMap reported(extents, "`extents`", diagnostics);
  }
  for (const YamlEntry& entry : extents.entries()) {
    check_name(entry.key, entry.key_span);
    model.extents[entry.key] =
        read_integer(entry.value, fmt::format("extent of {}", entry.key), diagnostics, 1, kLargestExtent, 1);
  }
  model.from_seq_len = read_names(from_seq_len, "from_seq_len", diagnostics);
  for (std::size_t i = 0; i < model.from_seq_len.size(); ++i) {
    const std::string& rank = model.from_seq_len[i];
    const Span span = from_seq_len.is_sequence() ? from_seq_len.items()[i].span() : from_seq_len.span();
    check_name(rank, span);
    if (model.extents.contains(rank)) {
      diagnostics.error("model-extent-twice", span,
                        fmt::format("rank {} is in `extents` too; an extent has one origin", rank));
    }
  }
  if (seq_len.defined() && model.from_seq_len.empty()) {
    diagnostics
        .error("model-no-seq-len", seq_len.span(),
               "no rank follows the sequence length; `seq_len` gives the extent of the ranks in `from_seq_len`")
        .with_help("from_seq_len: [P, M]");
  }
  diagnostics.throw_if_any();
  return model;
}

}  // namespace einloom
