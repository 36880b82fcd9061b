// SPDX-License-Identifier: Apache-2.0
// YAML document → cascade draft → cascade. All errors of the document are reported together.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/cascade.hpp"
#include "einsum/cascade_builder.hpp"
#include "einsum/check_names.hpp"
#include "einsum/parser.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kLargestParameter = std::int64_t{1} << 40;

class CascadeLoader {
 public:
  CascadeLoader(const CascadeChoices& choices, Diagnostics& diagnostics)
      : choices_(choices), diagnostics_(diagnostics) {}

  CascadeDraft load(const YamlNode& document) {
    YamlMap map(document, "cascade", diagnostics_);
    const YamlNode name = map.require("cascade");
    draft_.name = read_string(name, "the cascade's name", diagnostics_);
    draft_.span = name.defined() ? name.span() : document.span();
    draft_.description = read_string(map.optional("description"), "`description`", diagnostics_);
    draft_.paper = read_string(map.optional("paper"), "`paper`", diagnostics_);
    const YamlNode family = map.optional("family");
    draft_.family = read_string(family, "`family`", diagnostics_);
    if (family.defined()) draft_.family_span = family.span();
    draft_.presets = name_list<PresetName>(map.optional("presets"), "`presets`");
    const YamlNode reference = map.optional("reference");
    draft_.reference = read_string(reference, "`reference`", diagnostics_);
    if (reference.defined()) draft_.reference_span = reference.span();
    draft_.ranks = name_list(map.require("ranks"), "`ranks`");
    partitions(map.optional("partitions"));
    parameters(map.optional("parameters"));
    constants(map.optional("constants"));
    derived(map.optional("derived"));
    options(map.optional("options"));
    draft_.iterative = name_list(map.optional("iterative"), "`iterative`");
    tensors(map.require("tensors"));
    einsums(map.require("einsums"));
    if (const YamlNode checks = map.optional("check"); checks.defined()) {
      draft_.checks = read_checks(checks, diagnostics_);
      validate_checks(document, draft_, diagnostics_);
    }
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

  template <class Named = RankDecl>
  std::vector<Named> name_list(const YamlNode& node, const std::string& what) {
    std::vector<Named> listed;
    part([&] {
      const auto names = read_names(node, what, diagnostics_);
      for (std::size_t i = 0; i < names.size(); ++i) {
        listed.push_back(
            {names[i], node.is_sequence() && i < node.items().size() ? node.items()[i].span() : node.span()});
      }
    });
    return listed;
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

  void constants(const YamlNode& node) {
    for (const auto& entry : entries(node, "`constants`")) {
      double value = read_number(entry.value, fmt::format("constant `{}`", entry.key), diagnostics_, 0);
      if (const auto chosen = choices_.constants.find(entry.key); chosen != choices_.constants.end())
        value = chosen->second;
      draft_.constants.push_back({entry.key, value, entry.key_span});
    }
    for (const auto& [name, value] : choices_.constants) unknown_choice(name, draft_.constants, "constant", node);
  }

  void derived(const YamlNode& node) {
    for (const auto& entry : entries(node, "`derived`")) {
      part([&] {
        const std::size_t before = diagnostics_.size();
        const std::string text = read_string(entry.value, fmt::format("the extent of `{}`", entry.key), diagnostics_);
        if (diagnostics_.size() > before) return;
        parsed([&] { draft_.derived.push_back({entry.key, parse_formula(text, entry.value.span()), entry.key_span}); });
      });
    }
  }

  // `mode: [soft, paper]`: the first is the default.
  void options(const YamlNode& node) {
    for (const auto& entry : entries(node, "`options`")) {
      part([&] {
        const auto values = read_names(entry.value, fmt::format("the values of option `{}`", entry.key), diagnostics_);
        if (values.empty()) return;
        const auto chosen = choices_.options.find(entry.key);
        std::string value = values.front();
        if (chosen != choices_.options.end()) {
          if (std::find(values.begin(), values.end(), chosen->second) == values.end()) {
            diagnostics_
                .error("cascade-unknown-choice", choices_.where,
                       fmt::format("option `{}` of cascade `{}` has no value `{}`", entry.key, draft_.name,
                                   chosen->second))
                .note("its values stand here", entry.value.span())
                .with_help(suggestion(chosen->second, values));
          } else {
            value = chosen->second;
          }
        }
        draft_.options.push_back({entry.key, values, value, entry.key_span});
      });
    }
    for (const auto& [name, value] : choices_.options) unknown_choice(name, draft_.options, "option", node);
  }

  template <class Decls>
  void unknown_choice(const std::string& name, const Decls& declared, const std::string& what, const YamlNode& node) {
    std::vector<std::string> names;
    for (const auto& each : declared) names.push_back(each.name);
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    auto& problem = diagnostics_.error("cascade-unknown-choice", choices_.where,
                                       fmt::format("cascade `{}` has no {} `{}`", draft_.name, what, name));
    problem.with_help(suggestion(name, names));
    if (node.defined()) problem.note("declared here", node.span());
  }

  template <class Parse>
  void parsed(Parse parse) {
    try {
      parse();
    } catch (const UserError& error) {
      for (const auto& each : error.diagnostics()) diagnostics_.add(each);
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
    einsum_list(node, true);
  }

  // An item is an Einsum or `{when: {mode: soft}, tensors: {…}, einsums: […]}`, for a choice of options only. What is
  // not chosen is read too, for its errors.
  void einsum_list(const YamlNode& node, bool chosen) {
    for (const auto& item : node.items()) {
      part([&] {
        if (item.is_map()) {
          if (!is_split_einsum(item)) conditional(item, chosen);
          return;
        }
        const std::size_t before = diagnostics_.size();
        const std::string text = read_string(item, "an Einsum", diagnostics_);
        if (diagnostics_.size() > before) return;
        parsed([&] {
          Einsum einsum = parse_einsum(text, item.span());
          if (chosen) draft_.einsums.push_back(std::move(einsum));
        });
      });
    }
  }

  // `Z[m] = X[m] : Y[m]` is a map in YAML, of one key that holds `=`.
  bool is_split_einsum(const YamlNode& node) {
    const auto entries = node.entries();
    if (entries.size() != 1 || entries.front().key.find('=') == std::string::npos) return false;
    diagnostics_
        .error("einsum-syntax", entries.front().key_span, "a `:` ends what stands before it here; no Einsum has one")
        .with_help("YAML takes `: ` for a key and its value");
    draft_.incomplete = true;
    return true;
  }

  void conditional(const YamlNode& node, bool chosen) {
    YamlMap map(node, "a conditional part", diagnostics_);
    const YamlNode when = map.require("when");
    const YamlNode own_tensors = map.optional("tensors"), own_derived = map.optional("derived");
    const YamlNode own_iterative = map.optional("iterative"), inside = map.require("einsums");
    map.finish();
    for (const auto& entry : entries(when, "`when`")) {
      const auto option = std::find_if(draft_.options.begin(), draft_.options.end(),
                                       [&](const OptionDecl& decl) { return decl.name == entry.key; });
      if (option == draft_.options.end()) {
        std::vector<std::string> names;
        for (const auto& each : draft_.options) names.push_back(each.name);
        diagnostics_.error("cascade-unknown-option", entry.key_span, fmt::format("there is no option `{}`", entry.key))
            .with_help(suggestion(entry.key, names));
        continue;
      }
      const auto values = entry.value.is_sequence()
                              ? read_names(entry.value, "the values", diagnostics_)
                              : std::vector<std::string>{read_string(entry.value, "the value", diagnostics_)};
      for (const auto& value : values) {
        if (std::find(option->values.begin(), option->values.end(), value) != option->values.end()) continue;
        diagnostics_
            .error("cascade-unknown-option", entry.value.span(),
                   fmt::format("option `{}` has no value `{}`", entry.key, value))
            .with_help(suggestion(value, option->values));
      }
      chosen = chosen && std::find(values.begin(), values.end(), option->chosen) != values.end();
    }
    declarations(own_tensors, own_derived, own_iterative, chosen);
    if (!inside.defined()) return;
    if (!inside.is_sequence()) {
      diagnostics_.error("yaml-type", inside.span(), "`einsums` of a conditional part is a list of Einsums");
      return;
    }
    einsum_list(inside, chosen);
  }

  // Of one form: tensors with other ranks or another role, extents that follow otherwise, ranks that advance.
  void declarations(const YamlNode& own_tensors, const YamlNode& own_derived, const YamlNode& own_iterative,
                    bool chosen) {
    const CascadeDraft common = draft_;
    tensors(own_tensors);
    derived(own_derived);
    for (auto& rank : name_list(own_iterative, "`iterative`")) draft_.iterative.push_back(std::move(rank));
    if (chosen) return;
    draft_.tensors = common.tensors;
    draft_.derived = common.derived;
    draft_.iterative = common.iterative;
  }

  const CascadeChoices& choices_;
  Diagnostics& diagnostics_;
  CascadeDraft draft_;
};

}  // namespace

Cascade load_cascade(const YamlNode& document, const CascadeChoices& choices) {
  Diagnostics diagnostics;
  CascadeDraft draft = CascadeLoader(choices, diagnostics).load(document);
  return CascadeBuilder::build(std::move(draft), diagnostics);
}

}  // namespace einloom
