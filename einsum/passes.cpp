// SPDX-License-Identifier: Apache-2.0
// The pass rule as a fixed point over the Einsums: operands' times → when an Einsum runs → when its result is there.
#include "einsum/passes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/diagnostic.hpp"
#include "einsum/affine.hpp"
#include "einsum/look_up.hpp"

namespace einloom {
namespace {

bool covers(const RankGroup& group, const std::string& rank) {
  if (rank.empty()) return false;
  if (group.inside_tile()) return rank == group.inner || rank == group.whole;
  return rank == group.whole || rank == group.outer || rank == group.inner;
}

// The rank whose reduction or iteration spans the whole traversal: M, or the outer part M1.
bool spans(const RankGroup& group, const std::string& rank) {
  if (group.inside_tile()) return rank == group.inner;
  return rank == group.whole || (!group.outer.empty() && rank == group.outer);
}

bool writes(const Einsum& einsum, const std::string& variable) {
  const auto& indices = einsum.output.indices;
  return std::any_of(indices.begin(), indices.end(), [&](const IndexExpression& index) {
    const auto names = index.variables();
    return std::find(names.begin(), names.end(), variable) != names.end();
  });
}

// One access of an Einsum, as the rule sees it.
struct Operand {
  std::string tensor;
  int producer = -1;  // -1: an input, or a state of an earlier iteration over another rank
  Footprint footprint = Footprint::none;
  bool last_state = false;  // of an iteration over the group
  LookUp looked_up;         // of a full value
  StandIns names;
};

class PassRule {
 public:
  PassRule(const Cascade& cascade, RankGroup group) : cascade_(cascade), taken_apart_(cascade) {
    result_.group = std::move(group);
    for (const Einsum& einsum : cascade.einsums()) {
      operands_.emplace_back();
      for (const Access* access : einsum.reads()) operands_.back().push_back(operand(einsum, *access));
      result_.einsums.push_back({kind_of(einsum, operands_.back()), false, {}, {}});
      look_ups_.emplace_back();
      for (const Operand& each : operands_.back()) {
        if (each.footprint == Footprint::full) result_.einsums.back().traverses = true;
      }
    }
  }

  RankPasses count() {
    settle();
    for (const EinsumPass& each : result_.einsums) {
      if (each.traverses) result_.passes = std::max(result_.passes, each.runs.pass);
    }
    count_tensors();
    find_barriers();
    return std::move(result_);
  }

  std::vector<int> chain_of(const RankPasses& passes, int einsum) const {
    const int wanted = passes.einsums[at(einsum)].runs.pass - 1;
    if (!passes.einsums[at(einsum)].traverses || wanted < 1) return {};
    std::vector<int> chain{einsum};
    for (int reader = einsum;;) {
      const Operand* late = nullptr;
      for (const Operand& each : operands_[at(reader)]) {
        if (each.producer >= 0 && time_for(reader, each, passes) == PassTime{wanted, true}) {
          late = &each;
          break;
        }
      }
      if (!late) return reader == einsum ? std::vector<int>{} : chain;
      chain.insert(chain.begin(), late->producer);
      const EinsumPass& producer = passes.einsums[at(late->producer)];
      if (late->last_state || producer.kind == PassKind::reduce || producer.runs < PassTime{wanted, true}) return chain;
      reader = late->producer;
    }
  }

 private:
  static std::size_t at(int position) { return static_cast<std::size_t>(position); }

  Operand operand(const Einsum& reader, const Access& access) const {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    Operand result{
        access.tensor, cascade_.einsum_position(access.tensor), Footprint::none, false, {}, stand_ins(access, tensor)};
    result.footprint = footprint_of(access, tensor, result_.group);
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (result.footprint != Footprint::full || !covers(result_.group, tensor.ranks[k])) continue;
      for (const std::string& variable : access.indices[k].variables()) {
        if (!is_inside_tile(variable)) result.looked_up.variables.insert(variable);
      }
      result.looked_up.indices.insert(print_index(access.indices[k]));
    }
    if (tensor.iterative_rank.empty()) return result;
    const auto rank = std::find(tensor.ranks.begin(), tensor.ranks.end(), tensor.iterative_rank);
    const IndexExpression& index = access.indices[static_cast<std::size_t>(rank - tensor.ranks.begin())];
    const auto variable = index.plain_variable();
    if (spans(result_.group, tensor.iterative_rank)) {
      result.last_state = !variable;
    } else if (variable && index.plain_offset() == 0 && writes(reader, *variable)) {
      result.producer = -1;  // passes are counted within one iteration
    }
    return result;
  }

  // What an Einsum does along the group. A selection over the rank (top-k, sort, argmax) is a reduce: it sees the whole
  // fibre before it says anything. A gather through indices gives a rank of its own. This is the place for both.
  PassKind kind_of(const Einsum& einsum, const std::vector<Operand>& operands) const {
    for (const Reduction& reduction : einsum.reductions) {
      if (spans(result_.group, rank_of_variable(reduction.variable))) return PassKind::reduce;
    }
    if (spans(result_.group, cascade_.find_tensor(einsum.name())->iterative_rank)) return PassKind::scan;
    const bool last =
        std::any_of(operands.begin(), operands.end(), [](const Operand& each) { return each.last_state; });
    return last ? PassKind::last : PassKind::map;
  }

  PassTime time_of(const Operand& operand, const RankPasses& passes) const {
    if (operand.producer < 0) {
      return operand.footprint == Footprint::full ? PassTime{1, false} : PassTime{0, true};
    }
    PassTime time = passes.einsums[at(operand.producer)].ready;
    if (operand.last_state) time.after = true;
    return time;
  }

  // When it is there for this Einsum: what is made of looked-up values, as they go by only for the same look-ups.
  PassTime time_for(int einsum, const Operand& operand, const RankPasses& passes) const {
    PassTime time = time_of(operand, passes);
    if (operand.producer < 0 || operand.footprint != Footprint::none) return time;
    if (result_.einsums[at(operand.producer)].traverses) return time;
    const std::optional<LookUp> look_up = look_up_of(operand);
    if (look_up && look_up->variables.empty()) return time;
    for (const Operand& each : operands_[at(einsum)]) {
      if (each.footprint != Footprint::full) continue;
      if (!look_up || !includes(look_up->indices, each.looked_up.indices)) time.after = true;
    }
    return time;
  }

  // What an operand goes along with, in the reader's names; nullopt when the reader does not follow.
  std::optional<LookUp> look_up_of(const Operand& operand) const {
    if (operand.producer < 0 || operand.footprint != Footprint::none) return LookUp{};
    const std::optional<LookUp> its = look_ups_[at(operand.producer)].through(operand.names);
    if (!its) return std::nullopt;
    LookUp look_up = taken_apart_.put_together(*its);
    std::erase_if(look_up.variables, [&](const std::string& variable) { return is_inside_tile(variable); });
    return look_up;
  }

  bool is_inside_tile(const std::string& variable) const {
    const PartitionDecl* partition = cascade_.partition_with(rank_of_variable(variable));
    return partition && partition->inner == rank_of_variable(variable);
  }

  // What an Einsum's result goes along with: all variables that look positions up stand in it, alone in an index.
  LookUp look_up_of_result(int einsum) const {
    const Einsum& written = cascade_.einsums()[at(einsum)];
    const TensorDecl& tensor = *cascade_.find_tensor(written.name());
    if (result_.einsums[at(einsum)].kind != PassKind::map ||
        footprint_of(written.output, tensor, result_.group) != Footprint::none) {
      return {};
    }
    LookUp look_up;
    for (const Operand& each : operands_[at(einsum)]) {
      const std::optional<LookUp> its = look_up_of(each);
      if (!its) return {};
      look_up.join(each.looked_up);
      look_up.join(*its);
    }
    std::set<std::string> kept;
    for (const IndexExpression& index : written.output.indices) {
      if (const auto variable = index.plain_variable()) kept.insert(*variable);
    }
    return includes(kept, look_up.variables) ? look_up : LookUp{};
  }

  // Times only grow, and a cycle through states adds no pass: maps and scans give their results as they run.
  void settle() {
    const std::size_t enough = 2 * (result_.einsums.size() + 2);
    bool changed = true;
    for (std::size_t round = 0; changed; ++round) {
      ensure(round <= enough, "the pass rule does not settle");
      changed = false;
      for (std::size_t i = 0; i < result_.einsums.size(); ++i) {
        EinsumPass next = result_.einsums[i];
        look_ups_[i] = look_up_of_result(static_cast<int>(i));
        update(static_cast<int>(i), next);
        changed = changed || next.ready != result_.einsums[i].ready || next.runs != result_.einsums[i].runs;
        result_.einsums[i] = next;
      }
    }
  }

  void update(int einsum, EinsumPass& each) const {
    PassTime latest{0, false};
    for (const Operand& operand : operands_[at(einsum)]) latest = std::max(latest, time_for(einsum, operand, result_));
    const bool ends = each.kind == PassKind::reduce;
    if (each.traverses) {
      each.runs = {std::max(1, latest.pass + (latest.after ? 1 : 0)), false};
      each.ready = {each.runs.pass, ends};
      return;
    }
    const Einsum& written = cascade_.einsums()[at(einsum)];
    const bool is_free =
        footprint_of(written.output, *cascade_.find_tensor(written.name()), result_.group) == Footprint::none;
    each.runs = latest;
    each.ready = {latest.pass, latest.after || ends || (is_free && look_ups_[at(einsum)].variables.empty())};
  }

  void count_tensors() {
    for (const TensorDecl& tensor : cascade_.tensors()) {
      std::set<std::string> derived{tensor.name};
      std::set<int> passes;
      for (bool grew = true; grew;) {
        grew = false;
        for (std::size_t i = 0; i < operands_.size(); ++i) {
          const Einsum& reader = cascade_.einsums()[i];
          const bool reads = std::any_of(operands_[i].begin(), operands_[i].end(), [&](const Operand& each) {
            return each.footprint == Footprint::full && derived.contains(each.tensor);
          });
          if (!reads) continue;
          passes.insert(result_.einsums[i].runs.pass);
          const bool keeps =
              footprint_of(reader.output, *cascade_.find_tensor(reader.name()), result_.group) == Footprint::full;
          if (result_.einsums[i].kind == PassKind::map && keeps) grew = derived.insert(reader.name()).second || grew;
        }
      }
      if (!passes.empty()) result_.tensors[tensor.name] = static_cast<int>(passes.size());
    }
  }

  void find_barriers() {
    for (int pass = 2; pass <= result_.passes; ++pass) {
      PassBarrier barrier{pass, {}, "", false};
      for (std::size_t i = 0; i < result_.einsums.size() && barrier.chain.empty(); ++i) {
        if (!result_.einsums[i].traverses || result_.einsums[i].runs.pass != pass) continue;
        barrier.chain = chain_of(result_, static_cast<int>(i));
        if (!barrier.chain.empty()) barrier.reread = latest_full_operand(i);
      }
      barrier.again = is_there_before(barrier.reread, pass);
      ensure(!barrier.chain.empty(), "a pass has no reduction that forces it");
      result_.barriers.push_back(std::move(barrier));
    }
  }

  bool is_there_before(const std::string& tensor, int pass) const {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      if (!result_.einsums[i].traverses || result_.einsums[i].runs.pass >= pass) continue;
      if (cascade_.einsums()[i].name() == tensor) return true;
      const bool reads = std::any_of(operands_[i].begin(), operands_[i].end(), [&](const Operand& each) {
        return each.footprint == Footprint::full && each.tensor == tensor;
      });
      if (reads) return true;
    }
    return false;
  }

  std::string latest_full_operand(std::size_t einsum) const {
    const Operand* found = nullptr;
    for (const Operand& each : operands_[einsum]) {
      if (each.footprint != Footprint::full) continue;
      if (!found || time_of(each, result_) > time_of(*found, result_)) found = &each;
    }
    return found->tensor;
  }

  const Cascade& cascade_;
  TakenApart taken_apart_;
  std::vector<std::vector<Operand>> operands_;
  std::vector<LookUp> look_ups_;  // by position, of results without a place in the group
  RankPasses result_;
};

}  // namespace

std::vector<RankGroup> rank_groups(const Cascade& cascade) {
  std::vector<RankGroup> groups;
  for (const RankDecl& rank : cascade.ranks()) {
    const PartitionDecl* partition = cascade.partition_of(rank.name);
    if (!partition) {
      groups.push_back({rank.name, rank.name, "", ""});
      continue;
    }
    groups.push_back({rank.name, rank.name, partition->outer, partition->inner});
    groups.push_back({partition->inner, rank.name, partition->outer, partition->inner});
  }
  return groups;
}

Footprint footprint_of(const Access& access, const TensorDecl& tensor, const RankGroup& group) {
  Footprint result = Footprint::none;
  for (std::size_t k = 0; k < access.indices.size(); ++k) {
    if (!covers(group, tensor.ranks[k])) continue;
    for (const std::string& variable : access.indices[k].variables()) {
      const std::string rank = rank_of_variable(variable);
      if (group.inside_tile()) {
        if (rank == group.inner) result = Footprint::full;
      } else if (rank == group.outer) {
        result = std::max(result, Footprint::summary);
      } else {
        result = Footprint::full;  // m, m0, or a window that another variable moves
      }
    }
  }
  return result;
}

RankPasses count_passes(const Cascade& cascade, const RankGroup& group) { return PassRule(cascade, group).count(); }

std::vector<RankPasses> count_passes(const Cascade& cascade) {
  std::vector<RankPasses> all;
  for (const RankGroup& group : rank_groups(cascade)) all.push_back(count_passes(cascade, group));
  return all;
}

int passes_over(const Cascade& cascade, const std::string& rank) {
  for (const RankGroup& group : rank_groups(cascade)) {
    if (group.name == rank) return count_passes(cascade, group).passes;
  }
  throw InternalError(fmt::format("passes_over: cascade `{}` has no rank `{}`", cascade.name(), rank));
}

bool is_fibre_of_its_own(const Cascade& cascade, const RankGroup& group) {
  if (!group.inside_tile()) return false;
  const RankGroup whole{group.whole, group.whole, group.outer, group.inner};
  const auto& einsums = count_passes(cascade, whole).einsums;
  return std::all_of(einsums.begin(), einsums.end(), [](const EinsumPass& each) { return each.kind == PassKind::map; });
}

std::string passes_text(const Cascade& cascade) {
  std::vector<std::pair<int, std::string>> several;
  for (const RankGroup& group : rank_groups(cascade)) {
    if (group.inside_tile() && !is_fibre_of_its_own(cascade, group)) continue;
    const int passes = passes_over(cascade, group.name);
    if (passes > 1) several.emplace_back(passes, group.name);
  }
  std::stable_sort(several.begin(), several.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [passes, rank] : several) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", rank, passes);
  return text.empty() ? "1" : text;
}

std::vector<int> forcing_chain(const Cascade& cascade, const RankPasses& passes, int einsum) {
  return PassRule(cascade, passes.group).chain_of(passes, einsum);
}

std::string barrier_text(const Cascade& cascade, const RankPasses& passes, const PassBarrier& barrier) {
  const auto name = [&](int position) { return cascade.einsums()[static_cast<std::size_t>(position)].name(); };
  const auto front = static_cast<std::size_t>(barrier.chain.front());
  std::string text = name(barrier.chain.front());
  if (passes.einsums[front].kind == PassKind::reduce) {
    std::vector<std::string> variables;
    std::string op;
    for (const Reduction& reduction : cascade.einsums()[front].reductions) {
      if (!covers(passes.group, rank_of_variable(reduction.variable))) continue;
      op = reduction.op;
      variables.push_back(reduction.variable);
    }
    text += fmt::format(" = {}({}) …", op, fmt::join(variables, ","));
  } else if (!cascade.find_tensor(text)->iterative_rank.empty()) {
    text += "'s last state";
  }
  // Of a long chain both ends.
  constexpr std::size_t kFirst = 3, kLast = 2;
  const std::size_t between = barrier.chain.size() - 2;
  for (std::size_t i = 1; i <= between; ++i) {
    const bool is_long = between > kFirst + kLast + 1;
    if (is_long && i == kFirst + 1) text += fmt::format(", {} more", between - kFirst - kLast);
    if (is_long && i > kFirst && i + kLast <= between) continue;
    text += fmt::format(", {}{}", i == 1 ? "then " : "", name(barrier.chain[i]));
  }
  text += fmt::format(", before {} ", name(barrier.chain.back()));
  if (barrier.again) return text + fmt::format("reads {} again", barrier.reread);
  return text + fmt::format("goes over {} again, in {}", passes.group.name, barrier.reread);
}

}  // namespace einloom
