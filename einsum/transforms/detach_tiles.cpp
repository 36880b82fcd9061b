// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/detach_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class Detachment {
 public:
  Detachment(const Cascade& cascade, const PartitionDecl& partition)
      : cascade_(cascade),
        part_(partition),
        outer_(variable_of_rank(partition.outer)),
        inner_(variable_of_rank(partition.inner)),
        edit_(cascade) {}

  Cascade detached() {
    check();
    declare();
    for (Einsum einsum : cascade_.einsums()) {
      TensorDecl tensor = *cascade_.find_tensor(einsum.name());
      tensor.iterative_rank.clear();
      check_guards(einsum.expression);
      visit_accesses(einsum, [&](Access& access) {
        if (&access == &einsum.output) {
          // What an index tensor writes keeps its place.
          if (reads_tiles(access) && !access.indices[*position(access)].gathers()) {
            refuse(fmt::format("`{}` is written tile by tile", print_access(access)), access.span);
          }
        } else if (reads_tiles(access)) {
          access = of_copy(access);
        }
      });
      edit_.add(std::move(tensor), std::move(einsum));
    }
    return edit_.build({part_.inner, part_.inner, "", ""});
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const Span& where) const {
    throw UserError(Diagnostic{
        "transform-impossible",
        fmt::format("the inside of the tiles of `{}` cannot become a rank of its own: {}", part_.rank, why), where});
  }

  // Tiles that depend on each other are merged over the whole rank.
  void check() const {
    for (const RankDecl& iterative : cascade_.iterative_ranks()) {
      if (iterative.name == part_.outer || iterative.name == part_.rank) {
        refuse(fmt::format("the cascade iterates over `{}`", iterative.name), iterative.span);
      }
    }
    for (const Einsum& einsum : cascade_.einsums()) {
      for (const std::string& rank : {part_.rank, part_.outer}) {
        if (!einsum.reduces(variable_of_rank(rank))) continue;
        refuse(fmt::format("`{}` reduces over `{}`", einsum.name(), rank), einsum.span);
      }
    }
  }

  // What `first` may find outside of its tensor has points that a copy lacks.
  void check_guards(const Expression& expression) const {
    if (expression.kind == ExpressionKind::first) {
      for (const Access* access : expression.accesses()) {
        if (reads_tiles(*access)) {
          refuse(fmt::format("`{}` may be missing", print_access(*access)), access->span);
        }
      }
    }
    for (const Expression& arg : expression.args) check_guards(arg);
  }

  void declare() {
    CascadeDraft& draft = edit_.draft();
    std::erase_if(draft.partitions, [&](const PartitionDecl& each) { return each.inner == part_.inner; });
    std::erase_if(draft.parameters, [&](const ParameterDecl& each) { return each.name == part_.inner; });
    // An extent may be made of those before it.
    const auto rank = std::find_if(draft.ranks.begin(), draft.ranks.end(),
                                   [&](const RankDecl& each) { return each.name == part_.rank; });
    const auto inserted = draft.ranks.insert(rank, {part_.inner, part_.span});
    draft.ranks.insert(inserted + 2, {part_.outer, part_.span});
    DerivedRank outer{part_.outer, call("ceil", {call("div", {symbol(part_.rank), symbol(part_.inner)})}), {}};
    auto after = std::find_if(draft.derived.begin(), draft.derived.end(),
                              [&](const DerivedRank& each) { return each.rank == part_.rank; });
    if (after == draft.derived.end()) {
      after = draft.derived.begin();
    } else {
      outer.span = after->span;
      ++outer.span.column;
      ++after;
    }
    draft.derived.insert(after, std::move(outer));
  }

  // Where the rank stands in the access when the position inside a tile does, too.
  std::optional<std::size_t> position(const Access& access) const {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] != part_.rank) continue;
      const auto names = access.indices[k].variables();
      if (std::find(names.begin(), names.end(), inner_) != names.end()) return k;
    }
    return std::nullopt;
  }
  bool reads_tiles(const Access& access) const { return position(access).has_value(); }

  Access of_copy(const Access& access) {
    const std::size_t at = *position(access);
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    IndexExpression joined;
    joined.terms = {{1, part_.inner, outer_, {}, {}}, {1, "", inner_, {}, {}}};
    const bool once = std::count(tensor.ranks.begin(), tensor.ranks.end(), part_.rank) == 1;
    if (!once || !tensor.iterative_rank.empty() || print_index(normalised(access.indices[at])) != print_index(joined)) {
      refuse(fmt::format("`{}` is read across tiles", print_access(access)), access.span);
    }
    const auto offset = static_cast<std::ptrdiff_t>(at);
    std::string& name = copies_[tensor.name];
    if (name.empty()) {
      std::vector<std::string> ranks = tensor.ranks;
      Access whole = access_of(tensor.name, ranks);
      whole.indices[at] = joined;
      ranks[at] = part_.outer;
      ranks.insert(ranks.begin() + offset + 1, part_.inner);
      name = edit_.fresh_name("T" + tensor.name);
      edit_.add(tensor_like(tensor, name, ranks), einsum_of(name, ranks, {}, read(whole), {}, access.span));
    }
    Access result = access;
    result.tensor = name;
    result.indices[at] = index_of_variable(outer_, {});
    result.indices.insert(result.indices.begin() + offset + 1, index_of_variable(inner_, {}));
    return result;
  }

  const Cascade& cascade_;
  const PartitionDecl& part_;
  std::string outer_, inner_;
  CascadeEdit edit_;
  std::map<std::string, std::string> copies_;  // by the tensor along the rank
};

}  // namespace

Cascade detach_tiles(const Cascade& cascade, const std::string& inner) {
  std::vector<std::string> names;
  for (const PartitionDecl& partition : cascade.partitions()) {
    if (partition.inner == inner) return Detachment(cascade, partition).detached();
    names.push_back(partition.inner);
  }
  throw UserError(Diagnostic{"transform-impossible",
                             fmt::format("no rank of cascade `{}` has tiles of `{}`", cascade.name(), inner),
                             cascade.span(),
                             {},
                             suggestion(inner, names)});
}

}  // namespace einloom::transforms
