// SPDX-License-Identifier: Apache-2.0
// Which loops Einsums share: those over what all of them are independent along (batch, heads), outermost, and those of
// iterative ranks, around all Einsums of an iteration. Each Einsum has a nest of its own inside.
#include <algorithm>

#include "mappings/default_plan/draft.hpp"

namespace einloom::planning {
namespace {

class Grouping {
 public:
  explicit Grouping(Draft& draft) : draft_(draft) {}

  void run() {
    open_group(-1, 0, draft_.einsums.size(), "");
    fill(0, 0, draft_.einsums.size(), 0);
  }

 private:
  const Einsum& einsum(std::size_t position) const { return *draft_.einsums[position].einsum; }

  int open_group(int parent, std::size_t first, std::size_t last, const std::string& iterative) {
    Group group;
    group.parent = parent;
    std::set<std::string> open;
    for (int around = parent; around >= 0; around = draft_.groups[static_cast<std::size_t>(around)].parent) {
      const auto& loops = draft_.groups[static_cast<std::size_t>(around)].loops;
      open.insert(loops.begin(), loops.end());
    }
    for (const std::string& variable : einsum(first).variables()) {
      if (open.count(variable) == 0 && is_shared(variable, first, last)) group.loops.push_back(variable);
    }
    if (!iterative.empty()) group.loops.push_back(iterative);
    const int index = static_cast<int>(draft_.groups.size());
    draft_.groups.push_back(std::move(group));
    if (parent >= 0) draft_.groups[static_cast<std::size_t>(parent)].items.emplace_back(std::in_place_index<1>, index);
    return index;
  }

  // Einsums [first, last), whose iterative variables before `level` have their loops, into a group.
  void fill(int group, std::size_t first, std::size_t last, std::size_t level) {
    if (level == draft_.cascade.iterative_ranks().size()) {
      for (std::size_t i = first; i < last; ++i) {
        draft_.einsums[i].group = group;
        draft_.groups[static_cast<std::size_t>(group)].items.emplace_back(std::in_place_index<0>, static_cast<int>(i));
        find_own_loops(draft_.einsums[i]);
      }
      return;
    }
    const std::string variable = variable_of_rank(draft_.cascade.iterative_ranks()[level].name);
    for (std::size_t begin = first; begin < last;) {
      std::size_t end = begin + 1;
      if (!advances(begin, variable)) {
        while (end < last && !advances(end, variable)) ++end;
        fill(group, begin, end, level + 1);
      } else {
        while (end < last && advances(end, variable) && !needs_completed(begin, end, variable)) ++end;
        fill(open_group(group, begin, end, variable), begin, end, level + 1);
      }
      begin = end;
    }
  }

  bool advances(std::size_t position, const std::string& variable) const {
    const std::set<std::string> written = draft_.einsums[position].result.variables();
    return written.count(variable) != 0;
  }

  // Does Einsum `at` read a result of [begin, at) at another index than the current iteration's?
  bool needs_completed(std::size_t begin, std::size_t at, const std::string& variable) const {
    for (const Access* access : einsum(at).reads()) {
      for (std::size_t producer = begin; producer < at; ++producer) {
        if (einsum(producer).name() != access->tensor) continue;
        const auto& written = einsum(producer).output.indices;
        for (std::size_t i = 0; i < written.size(); ++i) {
          if (written[i].plain_variable() == variable && access->indices[i].plain_variable() != variable) return true;
        }
      }
    }
    return false;
  }

  // Is nothing that these Einsums do for one value of the variable of use to another value?
  bool is_shared(const std::string& variable, std::size_t first, std::size_t last) const {
    const Cut cut = cut_of(draft_.cascade, variable);
    if (cut == Cut::never || is_iterative(draft_.cascade, variable)) return false;
    std::set<std::string> produced;
    for (std::size_t i = first; i < last; ++i) {
      if (!advances(i, variable)) return false;
      produced.insert(einsum(i).name());
    }
    for (std::size_t i = first; i < last; ++i) {
      for (const Operand& operand : draft_.einsums[i].operands) {
        if (produced.count(operand.tensor) == 0) continue;
        const bool follows = std::any_of(operand.ranks.begin(), operand.ranks.end(), [&](const RankUse& use) {
          return use.rank == rank_of_variable(variable) && use.plain() == variable;
        });
        if (!follows) return false;
      }
    }
    return true;
  }

  void find_own_loops(DraftEinsum& one) const {
    std::set<std::string> shared;
    for (int group : draft_.path(one.group)) {
      const auto& loops = draft_.groups[static_cast<std::size_t>(group)].loops;
      shared.insert(loops.begin(), loops.end());
    }
    // What only an index tensor of the result sees comes behind the other indices of the result: it fills one tile.
    const std::set<std::string> written = one.result.variables();
    const auto order_of = [&](const std::string& variable) {
      return one.einsum->reduces(variable) ? 2 : written.count(variable) == 0 ? 1 : 0;
    };
    for (int order = 0; order < 3; ++order) {
      for (const std::string& variable : one.einsum->variables()) {
        if (shared.count(variable) == 0 && order_of(variable) == order) one.own.push_back(variable);
      }
    }
  }

  Draft& draft_;
};

}  // namespace

void group_einsums(Draft& draft) { Grouping(draft).run(); }

bool Draft::is_looped(const std::string& variable) const {
  return tile.at(variable) < extent(variable) || is_iterative(cascade, variable);
}

std::vector<int> Draft::path(int group) const {
  std::vector<int> around;
  for (; group >= 0; group = groups[static_cast<std::size_t>(group)].parent) around.insert(around.begin(), group);
  return around;
}

std::vector<std::string> Draft::loops(const DraftEinsum& einsum) const {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& variables) {
    for (const std::string& variable : variables) {
      if (is_looped(einsum, variable)) names.push_back(variable);
    }
  };
  for (int group : path(einsum.group)) add(groups[static_cast<std::size_t>(group)].loops);
  add(einsum.own);
  return names;
}

}  // namespace einloom::planning
