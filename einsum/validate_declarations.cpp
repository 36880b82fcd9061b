// SPDX-License-Identifier: Apache-2.0
// Rules on names, ranks, partitions, parameters and tensors, before any Einsum is looked at.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "base/suggest.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/reference/reference.hpp"
#include "einsum/validator.hpp"

namespace einloom {
namespace {

template <class First, class Rest>
bool spelled(const std::string& name, First first, Rest rest) {
  return !name.empty() && first(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), [&](unsigned char c) { return rest(c) || c == '_'; });
}
bool is_upper(unsigned char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(unsigned char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_upper_or_digit(unsigned char c) { return is_upper(c) || is_digit(c); }
bool is_lower_or_digit(unsigned char c) { return is_lower(c) || is_digit(c); }
bool is_letter(unsigned char c) { return is_upper(c) || is_lower(c); }
bool is_letter_or_digit(unsigned char c) { return is_letter(c) || is_digit(c); }

class Declarations {
 public:
  Declarations(const CascadeDraft& draft, Diagnostics& diagnostics) : draft_(draft), diagnostics_(diagnostics) {}

  void check() {
    if (!draft_.name.empty() && !spelled(draft_.name, is_lower, is_lower_or_digit)) {
      diagnostics_.error(
          "cascade-name", draft_.span,
          fmt::format("cascade `{}`: a cascade's name has lower-case letters, digits and `_`", draft_.name));
    }
    if (!draft_.reference.empty() && !find_reference(draft_.reference)) {
      diagnostics_
          .error("cascade-unknown-reference", draft_.reference_span,
                 fmt::format("there is no reference kernel `{}`", draft_.reference))
          .with_help(suggestion(draft_.reference, reference_names()));
    }
    const auto& families = cascade_families();
    if (!draft_.family.empty() && std::find(families.begin(), families.end(), draft_.family) == families.end()) {
      diagnostics_
          .error("cascade-unknown-family", draft_.family_span, fmt::format("there is no family `{}`", draft_.family))
          .with_help(suggestion(draft_.family, families));
    }
    std::map<std::string, Span> presets;
    for (const auto& preset : draft_.presets) once(presets, preset.name, "preset", preset.span);
    for (const auto& rank : draft_.ranks) symbol(rank.name, "rank", rank.span);
    for (const auto& parameter : draft_.parameters) {
      if (!draft_.partition_with(parameter.name)) symbol(parameter.name, "parameter", parameter.span);
    }
    for (const auto& constant : draft_.constants) symbol(constant.name, "constant", constant.span);
    for (const auto& partition : draft_.partitions) check_partition(partition);
    for (const auto& derived : draft_.derived) check_derived(derived);
    for (const auto& rank : draft_.iterative) known_rank(rank.name, rank.span, "`iterative`");
    std::map<std::string, Span> seen;
    for (const auto& rank : draft_.iterative) once(seen, rank.name, "iterative rank", rank.span);
    seen.clear();
    for (const auto& tensor : draft_.tensors) {
      once(seen, tensor.name, "tensor", tensor.span);
      check_tensor(tensor);
    }
  }

 private:
  // Ranks, parts and parameters share one set of names: each is a symbol in Einsums.
  void symbol(const std::string& name, const std::string& what, const Span& span) {
    if (!spelled(name, is_upper, is_upper_or_digit)) {
      diagnostics_.error(
          "cascade-name", span,
          fmt::format("{} `{}`: the name of a {} has upper-case letters, digits and `_`; its index variable "
                      "is the lower-case name",
                      what, name, what));
      return;
    }
    const std::string variable = variable_of_rank(name);
    if (variable == "inf" || variable == "and") {
      diagnostics_.error("cascade-name", span,
                         fmt::format("{} `{}`: `{}` is a word of the language", what, name, variable));
      return;
    }
    once(symbols_, name, what, span);
  }

  void once(std::map<std::string, Span>& seen, const std::string& name, const std::string& what, const Span& span) {
    const auto [first, fresh] = seen.emplace(name, span);
    if (fresh) return;
    diagnostics_.error("cascade-duplicate-name", span, fmt::format("{} `{}`: the name is already taken", what, name))
        .note("first declared here", first->second);
  }

  bool known_rank(const std::string& name, const Span& span, const std::string& where) {
    if (draft_.is_rank(name)) return true;
    diagnostics_
        .error("cascade-unknown-rank", span, fmt::format("{} names rank `{}`, which is not declared", where, name))
        .with_help(suggestion(name, draft_.rank_names()));
    return false;
  }

  void check_derived(const DerivedRank& derived) {
    const auto declared = std::find_if(draft_.ranks.begin(), draft_.ranks.end(),
                                       [&](const RankDecl& rank) { return rank.name == derived.rank; });
    if (declared == draft_.ranks.end()) {
      known_rank(derived.rank, derived.span, "`derived`");
      return;
    }
    once(derived_, derived.rank, "derived rank", derived.span);
    formula(derived, derived.formula);
  }

  void formula(const DerivedRank& derived, const Expression& expression) {
    const auto wrong = [&](const std::string& what) {
      diagnostics_.error("cascade-derived", expression.span,
                         fmt::format("{} in the extent of `{}`; it is computed from ranks given or derived before it, "
                                     "parameters and constants",
                                     what, derived.rank));
    };
    if (expression.kind == ExpressionKind::symbol) {
      const std::string& name = expression.name;
      const auto named = [&](const auto& all) {
        return std::any_of(all.begin(), all.end(), [&](const auto& decl) { return decl.name == name; });
      };
      const auto later = std::find_if(draft_.derived.begin(), draft_.derived.end(),
                                      [&](const DerivedRank& other) { return other.rank == name; });
      const bool before = later == draft_.derived.end() || later->span.line < derived.span.line ||
                          (later->span.line == derived.span.line && later->span.column < derived.span.column);
      if (!before || !(named(draft_.ranks) || named(draft_.parameters) || named(draft_.constants))) {
        wrong(fmt::format("`{}` cannot stand", name));
      }
    } else if (expression.kind == ExpressionKind::access || expression.kind == ExpressionKind::index ||
               expression.kind == ExpressionKind::first) {
      wrong("a tensor or an index variable cannot stand");
    } else if (expression.kind == ExpressionKind::call) {
      const Op* op = find_op(expression.name);
      if (!op || static_cast<std::size_t>(op->arity) != expression.args.size()) {
        wrong(fmt::format("`{}` with {} operand{} cannot stand", expression.name, expression.args.size(),
                          expression.args.size() == 1 ? "" : "s"));
      }
    }
    for (const auto& arg : expression.args) formula(derived, arg);
  }

  void check_partition(const PartitionDecl& partition) {
    symbol(partition.outer, "part", partition.span);
    symbol(partition.inner, "part", partition.span);
    once(partitioned_, partition.rank, "partition of rank", partition.span);
    std::vector<std::string> ranks;
    for (const auto& rank : draft_.ranks) ranks.push_back(rank.name);
    if (std::find(ranks.begin(), ranks.end(), partition.rank) == ranks.end()) {
      diagnostics_
          .error("cascade-unknown-rank", partition.span,
                 fmt::format("`partitions` names rank `{}`, which is not declared", partition.rank))
          .with_help(suggestion(partition.rank, ranks));
    }
    const bool has_extent =
        std::any_of(draft_.parameters.begin(), draft_.parameters.end(),
                    [&](const ParameterDecl& parameter) { return parameter.name == partition.inner; });
    if (!has_extent) {
      diagnostics_
          .error("cascade-partition", partition.span,
                 fmt::format("part `{}` has no extent; the inner part of a partition is a parameter of the same name",
                             partition.inner))
          .with_help(fmt::format("parameters: {{{}: 256}}", partition.inner));
    }
    for (const auto& parameter : draft_.parameters) {
      if (parameter.name == partition.outer) {
        diagnostics_.error("cascade-partition", parameter.span,
                           fmt::format("part `{}` cannot be a parameter; its extent follows from `{}` and `{}`",
                                       partition.outer, partition.rank, partition.inner));
      }
      if (parameter.name == partition.inner && parameter.default_value < 1) {
        diagnostics_.error(
            "cascade-partition", parameter.span,
            fmt::format("part `{}` has extent {}; an extent is at least 1", parameter.name, parameter.default_value));
      }
    }
  }

  void check_tensor(const TensorDecl& tensor) {
    if (!spelled(tensor.name, is_letter, is_letter_or_digit)) {
      diagnostics_.error("cascade-name", tensor.span,
                         fmt::format("tensor `{}`: a tensor's name has letters, digits and `_`", tensor.name));
    }
    for (std::size_t i = 0; i < tensor.ranks.size(); ++i) {
      known_rank(tensor.ranks[i], tensor.span, fmt::format("tensor `{}`", tensor.name));
      if (std::find(tensor.ranks.begin(), tensor.ranks.begin() + static_cast<std::ptrdiff_t>(i), tensor.ranks[i]) !=
          tensor.ranks.begin() + static_cast<std::ptrdiff_t>(i)) {
        diagnostics_.error("cascade-duplicate-name", tensor.span,
                           fmt::format("tensor `{}` has rank `{}` twice", tensor.name, tensor.ranks[i]));
      }
    }
  }

  const CascadeDraft& draft_;
  Diagnostics& diagnostics_;
  std::map<std::string, Span> symbols_, partitioned_, derived_;
};

}  // namespace

const std::vector<std::string>& cascade_families() {
  static const std::vector<std::string> families = {"analysis",  "decode",    "gated",      "linear",  "multimodal",
                                                    "quantized", "recurrent", "reweighted", "softmax", "sparse",
                                                    "tokenwise", "training",  "windowed"};
  return families;
}

void validate_declarations(const CascadeDraft& draft, Diagnostics& diagnostics) {
  Declarations(draft, diagnostics).check();
}

}  // namespace einloom
