// SPDX-License-Identifier: Apache-2.0
// YAML document → cascade draft → cascade. All errors of the document are reported together.
#include <fmt/format.h>

#include "base/suggest.hpp"
#include "einsum/cascade.hpp"
#include "einsum/cascade_builder.hpp"
#include "einsum/parser.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kLargestParameter = std::int64_t{1} << 40;

class CascadeLoader {
 public:
  explicit CascadeLoader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  CascadeDraft load(const YamlNode& document) {
    YamlMap map(document, "cascade", diagnostics_);
    const YamlNode name = map.require("cascade");
    draft_.name = read_string(name, "the cascade's name", diagnostics_);
    draft_.span = name.defined() ? name.span() : document.span();
    draft_.description = read_string(map.optional("description"), "`description`", diagnostics_);
    draft_.paper = read_string(map.optional("paper"), "`paper`", diagnostics_);
    const YamlNode reference = map.optional("reference");
    draft_.reference = read_string(reference, "`reference`", diagnostics_);
    if (reference.defined()) draft_.reference_span = reference.span();
    draft_.ranks = rank_list(map.require("ranks"), "`ranks`");
    partitions(map.optional("partitions"));
    parameters(map.optional("parameters"));
    draft_.iterative = rank_list(map.optional("iterative"), "`iterative`");
    tensors(map.require("tensors"));
    einsums(map.require("einsums"));
    map.finish();
    return std::move(draft_);
  }

 private:
  // Runs `read`; when it reported something, the draft misses that part.
  template <class Read>
  void part(Read read) {
    const std::size_t before = diagnostics_.size();
    read();
    if (diagnostics_.size() > before) draft_.incomplete = true;
  }

  // Entries of an optional map; an error when the node is something else.
  std::vector<YamlEntry> entries(const YamlNode& node, const std::string& what) {
    if (!node.defined()) return {};
    if (!node.is_map()) {
      diagnostics_.error("yaml-type", node.span(), fmt::format("{} is a map of names", what));
      draft_.incomplete = true;
    }
    return node.entries();
  }

  std::vector<RankDecl> rank_list(const YamlNode& node, const std::string& what) {
    std::vector<RankDecl> ranks;
    part([&] {
      const auto names = read_names(node, what, diagnostics_);
      for (std::size_t i = 0; i < names.size(); ++i) {
        ranks.push_back(
            {names[i], node.is_sequence() && i < node.items().size() ? node.items()[i].span() : node.span()});
      }
    });
    return ranks;
  }

  void partitions(const YamlNode& node) {
    for (const auto& entry : entries(node, "`partitions`")) {
      part([&] {
        const auto parts = read_names(entry.value, fmt::format("the parts of `{}`", entry.key), diagnostics_);
        if (parts.size() != 2) {
          diagnostics_
              .error("cascade-partition", entry.value.span(),
                     fmt::format("`{}` has {} part{}; a partition has two, [outer, inner]", entry.key, parts.size(),
                                 parts.size() == 1 ? "" : "s"))
              .with_help(fmt::format("{}: [{}1, {}0]", entry.key, entry.key, entry.key));
          return;
        }
        draft_.partitions.push_back({entry.key, parts[0], parts[1], entry.key_span});
      });
    }
  }

  void parameters(const YamlNode& node) {
    for (const auto& entry : entries(node, "`parameters`")) {
      const std::int64_t value =
          read_integer(entry.value, fmt::format("parameter `{}`", entry.key), diagnostics_, 0, kLargestParameter, 1);
      draft_.parameters.push_back({entry.key, value, entry.key_span});
    }
  }

  void tensors(const YamlNode& node) {
    for (const auto& entry : entries(node, "`tensors`")) {
      part([&] { tensor(entry); });
    }
  }

  void tensor(const YamlEntry& entry) {
    YamlMap map(entry.value, fmt::format("tensor `{}`", entry.key), diagnostics_);
    TensorDecl decl;
    decl.name = entry.key;
    decl.span = entry.key_span;
    decl.ranks = read_names(map.require("ranks"), fmt::format("the ranks of `{}`", entry.key), diagnostics_);
    if (const YamlNode role = map.optional("role"); role.defined()) {
      decl.role = role_named(read_string(role, "`role`", diagnostics_, "intermediate"), role.span());
    }
    if (const YamlNode dtype = map.optional("dtype"); dtype.defined()) {
      const std::string name = read_string(dtype, "`dtype`", diagnostics_, "fp32");
      decl.dtype = dtype_named(name);
      if (!decl.dtype) {
        diagnostics_.error("tensor-bad-dtype", dtype.span(), fmt::format("`{}` is no number format", name))
            .with_help(suggestion(name, dtype_names()));
      }
    }
    if (const YamlNode initial = map.optional("initial"); initial.defined()) {
      decl.initial = read_number(initial, fmt::format("the initial value of `{}`", entry.key), diagnostics_, 0);
    }
    map.finish();
    draft_.tensors.push_back(std::move(decl));
  }

  TensorRole role_named(const std::string& name, const Span& span) {
    if (name == "input") return TensorRole::input;
    if (name == "output") return TensorRole::output;
    if (name != "intermediate") {
      diagnostics_.error("tensor-bad-role", span, fmt::format("`{}` is no role of a tensor", name))
          .with_help(suggestion(name, {"input", "intermediate", "output"}));
    }
    return TensorRole::intermediate;
  }

  void einsums(const YamlNode& node) {
    if (!node.defined()) {
      draft_.incomplete = true;
      return;
    }
    if (!node.is_sequence() || node.items().empty()) {
      diagnostics_.error("yaml-type", node.span(), "`einsums` is a list of at least one Einsum")
          .with_help("- Z[m,n] = sum(k) A[m,k] * B[k,n]");
      draft_.incomplete = true;
      return;
    }
    for (const auto& item : node.items()) {
      part([&] {
        const std::size_t before = diagnostics_.size();
        const std::string text = read_string(item, "an Einsum", diagnostics_);
        if (diagnostics_.size() > before) return;
        try {
          draft_.einsums.push_back(parse_einsum(text, item.span()));
        } catch (const UserError& error) {
          for (const auto& each : error.diagnostics()) diagnostics_.add(each);
        }
      });
    }
  }

  Diagnostics& diagnostics_;
  CascadeDraft draft_;
};

}  // namespace

Cascade load_cascade(const YamlNode& document) {
  Diagnostics diagnostics;
  CascadeDraft draft = CascadeLoader(diagnostics).load(document);
  return CascadeBuilder::build(std::move(draft), diagnostics);
}

}  // namespace einloom
