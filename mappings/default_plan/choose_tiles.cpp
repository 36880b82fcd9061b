// SPDX-License-Identifier: Apache-2.0
// Tile extents, and what the memory holds. Tiles start as wide as the arrays' axes, everything else inside them, and
// are halved until the least that must be there takes half of the memory; results then stay on the chip as long as they
// fit, the small ones first, and what is left of the memory lets two sets of them overlap.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "einsum/carried_states.hpp"
#include "mappings/default_plan/draft.hpp"

namespace einloom::planning {
namespace {

constexpr std::int64_t kWorthwhile = 8;  // a share of the memory that is worth smaller tiles
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;

std::int64_t product(std::int64_t a, std::int64_t b) { return a != 0 && b > kMostBytes / a ? kMostBytes : a * b; }

class Tiling {
 public:
  explicit Tiling(Draft& draft) : draft_(draft) {
    for (const DraftEinsum& one : draft.einsums) {
      const std::set<std::string> fixed = undivided(*one.einsum);
      for (const std::string& variable : fixed) {
        if (one.whole.count(variable) == 0) undivided_.insert(variable);
      }
      note_axis(one.rows, one.array->rows);
      note_axis(one.columns, one.array->columns);
    }
  }

  // As wide as the axes allow.
  void start() {
    for (const auto& [variable, extent] : draft_.extents) {
      const Cut cut = cut_of(draft_.cascade, variable);
      std::int64_t& tile = draft_.tile[variable];
      const auto axis = axes_.find(variable);
      tile = extent;
      if (cut == Cut::one_at_a_time) {
        tile = 1;
      } else if (cut == Cut::never || undivided_.count(variable) != 0) {
        continue;
      } else if (axis != axes_.end()) {
        if (cut == Cut::tiles) tile = std::min(extent, axis->second);
      } else if (is_batch(variable)) {
        tile = 1;
      }
    }
  }

  // Halves the tiles along one variable, the one that makes `needed` smallest; variables along an axis only where the
  // others do little. False when nothing is left to halve that saves enough.
  template <class Needed>
  bool shrink(const Needed& needed, std::int64_t capacity) {
    const std::int64_t now = needed();
    // What fits is not cut to pieces for next to nothing: a tensor that must be there whole may be most of it.
    const std::int64_t worthwhile_on_axis = now <= capacity ? now / (kWorthwhile * kWorthwhile) : 1;
    std::string best;
    for (const bool on_axis : {false, true}) {
      std::int64_t least = now - (on_axis ? worthwhile_on_axis : now / kWorthwhile);
      for (const std::string& rank : draft_.cascade.all_ranks()) {
        const std::string variable = variable_of_rank(rank);
        if (draft_.tile.count(variable) == 0 || (axes_.count(variable) != 0) != on_axis) continue;
        std::int64_t& tile = draft_.tile.at(variable);
        const std::int64_t before = tile;
        tile = smaller(variable);
        if (const std::int64_t then = needed(); tile < before && then <= least && (then < least || best.empty())) {
          least = then;
          best = variable;
        }
        tile = before;
      }
      if (!best.empty()) break;
    }
    if (best.empty()) return false;
    draft_.tile.at(best) = smaller(best);
    return true;
  }

  // Axes hold tiles, and tiles with a single element need none.
  void drop_axes() {
    for (DraftEinsum& one : draft_.einsums) {
      for (auto [axis, limit] : {std::pair(&one.rows, one.array->rows), {&one.columns, one.array->columns}}) {
        if (axis->empty()) continue;
        const std::int64_t tile = draft_.tile.at(*axis);
        if (one.whole.count(*axis) != 0) {
          if (draft_.extent(*axis) > limit && tile == 1) axis->clear();
          continue;
        }
        if (tile > limit || (tile == 1 && draft_.is_looped(*axis))) axis->clear();
      }
    }
  }

 private:
  void note_axis(const std::string& variable, std::int64_t limit) {
    if (variable.empty()) return;
    const auto [known, fresh] = axes_.emplace(variable, limit);
    if (!fresh) known->second = std::min(known->second, limit);
  }

  [[nodiscard]] std::int64_t smaller(const std::string& variable) const {
    const std::int64_t tile = draft_.tile.at(variable);
    if (undivided_.count(variable) != 0) return tile;
    switch (cut_of(draft_.cascade, variable)) {
      case Cut::tiles:
        return (tile + 1) / 2;
      default:
        return tile;
    }
  }

  // A loop around contractions all of whose operands it indexes: nothing stays in an array from one value to the next,
  // and with one value in a tile most results fit the memory.
  bool is_batch(const std::string& variable) const {
    const bool shared = std::any_of(draft_.groups.begin(), draft_.groups.end(), [&](const Group& group) {
      return std::find(group.loops.begin(), group.loops.end(), variable) != group.loops.end();
    });
    bool contracted = false;
    for (const DraftEinsum& one : draft_.einsums) {
      if (!is_contraction(draft_.cascade, *one.einsum, draft_.shape) || one.result.variables().count(variable) == 0) {
        continue;
      }
      contracted = true;
      for (const Operand& operand : one.operands) {
        if (operand.all_variables().count(variable) == 0) return false;
      }
    }
    return shared && contracted;
  }

  Draft& draft_;
  std::map<std::string, std::int64_t> axes_;  // variables along axes, with the shortest of them
  std::set<std::string> undivided_;
};

class Residence {
 public:
  explicit Residence(Draft& draft) : draft_(draft) {}

  // Inputs and outputs pass through, and so do all intermediates.
  void stream_all(std::int64_t slots) {
    draft_.homes.clear();
    for (const TensorDecl& tensor : draft_.cascade.tensors()) {
      Home home;
      home.resident = false;
      home.slots = moves_more_than_once(tensor.name) ? slots : 1;
      draft_.homes[tensor.name] = home;
    }
  }

  // Results stay on the chip as long as they fit, those that need least more room first; then in two sets. A state that
  // must not leave the chip stays in any case.
  void keep_what_fits(std::int64_t capacity) {
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const DraftEinsum& one : draft_.einsums) {
      if (draft_.readers(one.einsum->name()).empty()) continue;
      const std::string& name = one.einsum->name();
      order.emplace_back(bytes(name, resident(one)) - bytes(name, draft_.homes.at(name)), name);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::int64_t used = needed();
    for (const auto& [more, name] : order) {
      if (more > 0 && used + more > capacity && !carries_unread(draft_.cascade, *draft_.cascade.find_tensor(name))) {
        continue;
      }
      used += more;
      draft_.homes[name] = resident(*draft_.writer(name));
    }
    for (const auto& [more, name] : order) {
      Home& home = draft_.homes[name];
      if (!home.resident || home.copies > 1 || !repeats(name)) continue;
      const std::int64_t again = bytes(name, home);
      if (used + again > capacity) continue;
      used += again;
      home.copies = 2;
    }
  }

  [[nodiscard]] std::int64_t needed() const {
    std::int64_t sum = 0;
    for (const auto& [name, home] : draft_.homes) sum = std::min(kMostBytes, sum + bytes(name, home));
    return sum;
  }

 private:
  [[nodiscard]] bool indexed_by_loop(const std::set<std::string>& variables, const DraftEinsum& one) const {
    const std::vector<std::string> loops = draft_.loops(one);
    return std::any_of(loops.begin(), loops.end(), [&](const std::string& loop) { return variables.count(loop) != 0; });
  }

  [[nodiscard]] bool moves_more_than_once(const std::string& tensor) const {
    const DraftEinsum* writer = draft_.writer(tensor);
    if (writer != nullptr && indexed_by_loop(writer->result.variables(), *writer)) return true;
    for (const DraftEinsum* reader : draft_.readers(tensor)) {
      for (const Operand& operand : reader->operands) {
        if (operand.tensor == tensor && indexed_by_loop(operand.all_variables(), *reader)) return true;
      }
    }
    return false;
  }

  // Groups around the writer and all readers.
  [[nodiscard]] std::size_t common_groups(const DraftEinsum& writer) const {
    const std::vector<int> path = draft_.path(writer.group);
    std::size_t common = path.size();
    for (const DraftEinsum* reader : draft_.readers(writer.einsum->name())) {
      const std::vector<int> other = draft_.path(reader->group);
      std::size_t same = 0;
      while (same < std::min(common, other.size()) && path[same] == other[same]) ++same;
      common = same;
    }
    return common;
  }

  // One set of all tiles that its readers need: those of one iteration of the loops around all of them.
  [[nodiscard]] Home resident(const DraftEinsum& writer) const {
    const std::string& name = writer.einsum->name();
    const TensorDecl& tensor = *draft_.cascade.find_tensor(name);
    const std::vector<int> path = draft_.path(writer.group);
    const std::size_t common = common_groups(writer);
    Home home;
    const std::string state = tensor.iterative_rank.empty() ? "" : variable_of_rank(tensor.iterative_rank);
    if (!state.empty()) {
      bool iterates_outside = true;  // some readers are behind the loop over the states
      for (std::size_t i = 0; i < common; ++i) {
        const auto& loops = draft_.groups[static_cast<std::size_t>(path[i])].loops;
        iterates_outside = iterates_outside && std::find(loops.begin(), loops.end(), state) == loops.end();
      }
      const bool all_states = iterates_outside && reads_all_states(tensor, writer);
      home.copies = all_states ? 1 : 2;  // the previous state and the new one
      if (iterates_outside && !all_states) home.across = state;
    }
    const std::set<std::string> indices = writer.result.variables();
    const auto add = [&](const std::vector<std::string>& loops) {
      for (const std::string& loop : loops) {
        if (indices.count(loop) != 0 && draft_.is_looped(writer, loop) && loop != home.across)
          home.loops.push_back(loop);
      }
    };
    for (std::size_t i = common; i < path.size(); ++i) add(draft_.groups[static_cast<std::size_t>(path[i])].loops);
    add(writer.own);
    return home;
  }

  // Does a reader outside the writer's group read more than the last state?
  [[nodiscard]] bool reads_all_states(const TensorDecl& tensor, const DraftEinsum& writer) const {
    for (const DraftEinsum* reader : draft_.readers(tensor.name)) {
      const std::vector<int> path = draft_.path(reader->group);
      if (std::find(path.begin(), path.end(), writer.group) != path.end()) continue;
      for (const Operand& operand : reader->operands) {
        if (operand.tensor != tensor.name) continue;
        for (const RankUse& use : operand.ranks) {
          if (use.rank == tensor.iterative_rank && (use.whole || !use.terms.empty())) return true;
        }
      }
    }
    return false;
  }

  // Has a loop around the writer and all readers another iteration, for which a second set is of use?
  [[nodiscard]] bool repeats(const std::string& name) const {
    const DraftEinsum& writer = *draft_.writer(name);
    const std::vector<int> path = draft_.path(writer.group);
    for (std::size_t i = 0; i < common_groups(writer); ++i) {
      for (const std::string& loop : draft_.groups[static_cast<std::size_t>(path[i])].loops) {
        if (draft_.is_looped(loop)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::int64_t bytes(const std::string& name, const Home& home) const {
    std::int64_t sum = 0;
    const DraftEinsum* writer = draft_.writer(name);
    if (writer != nullptr) {
      std::int64_t slots = home.resident ? home.copies : home.slots;
      for (const std::string& loop : home.loops) slots = product(slots, draft_.trips(loop));
      sum = product(draft_.tile_bytes(writer->result, *writer), slots);
      if (home.resident) return sum;
    }
    for (const DraftEinsum* reader : draft_.readers(name)) {
      for (const Operand& operand : reader->operands) {
        if (operand.tensor != name) continue;
        sum = std::min(kMostBytes, sum + product(draft_.tile_bytes(operand, *reader), home.slots));
      }
    }
    return sum;
  }

  Draft& draft_;
};

// The largest memory on the chip, of those that DRAM and every array in use have a link to if there are any.
const Memory* choose_memory(const Draft& draft) {
  const std::string* dram = nullptr;
  for (const Memory& memory : draft.machine.memories) {
    if (memory.kind == MemoryKind::dram) dram = &memory.name;
  }
  const auto linked = [&](const Memory& memory) {
    return draft.machine.link_latency(*dram, memory.name) &&
           std::all_of(draft.einsums.begin(), draft.einsums.end(), [&](const DraftEinsum& one) {
             return draft.machine.link_latency(memory.name, one.array->name).has_value();
           });
  };
  const Memory* best = nullptr;
  for (const Memory& memory : draft.machine.memories) {
    if (memory.kind == MemoryKind::dram) continue;
    const bool better = best == nullptr || (linked(memory) && !linked(*best)) ||
                        (linked(memory) == linked(*best) && memory.capacity.value_or(Bytes{kMostBytes}).value() >
                                                                best->capacity.value_or(Bytes{kMostBytes}).value());
    if (better) best = &memory;
  }
  return best;
}

}  // namespace

void choose_tiles(Draft& draft, const Span& where) {
  draft.memory = choose_memory(draft);
  if (draft.memory == nullptr) {
    Diagnostic error{"default-plan-no-memory",
                     fmt::format("machine `{}` has no memory on the chip; the default plan has nowhere to keep tiles",
                                 draft.machine.name),
                     where};
    throw UserError(error.note("the machine", draft.machine.span).with_help("add a component of kind `buffer`"));
  }
  const std::int64_t capacity = draft.memory->capacity.value_or(Bytes{kMostBytes}).value();
  Tiling tiling(draft);
  Residence residence(draft);
  tiling.start();
  residence.stream_all(2);
  const auto at_least = [&](std::int64_t slots) {
    residence.stream_all(slots);
    residence.keep_what_fits(0);
    return residence.needed();
  };
  while (at_least(2) > capacity / 2 && tiling.shrink([&] { return at_least(1); }, capacity)) {
  }
  residence.stream_all(2);
  residence.keep_what_fits(capacity);
  if (residence.needed() > capacity) {
    residence.stream_all(1);
    residence.keep_what_fits(capacity);
  }
  tiling.drop_axes();
}

std::int64_t Draft::tile_bytes(const Operand& operand, const DraftEinsum& one) const {
  const TensorDecl& tensor = *cascade.find_tensor(operand.tensor);
  const auto elements = [&](const std::string& variable) {
    return one.whole.count(variable) != 0 ? extent(variable) : tile.at(variable);
  };
  std::set<std::string> fetched;  // variables of index tensors: every point fetches its own element
  for (const RankUse& use : operand.ranks) {
    if (!use.whole) continue;
    fetched.insert(use.gathered.begin(), use.gathered.end());
    for (const RankUse::Term& term : use.terms) fetched.insert(term.variable);
  }
  std::int64_t region = 1, points = 1;
  for (const std::string& variable : fetched) points = product(points, elements(variable));
  for (const RankUse& use : operand.ranks) {
    std::int64_t covered = 1;
    for (const RankUse::Term& term : use.terms) covered += std::abs(term.factor) * (elements(term.variable) - 1);
    covered = use.whole ? shape.at(use.rank) : std::min(covered, shape.at(use.rank));
    region = product(region, covered);
    const bool own = use.whole || (use.plain_ && fetched.count(use.terms.front().variable) != 0);
    if (!own) points = product(points, covered);
  }
  // What is gathered is a row for every point, but a scatter fills all that it may name.
  const bool gathers = !fetched.empty() && &operand != &one.result;
  return product(size_of(tensor.dtype.value_or(dtype)).value(), gathers ? std::min(points, region) : region);
}

std::vector<const DraftEinsum*> Draft::readers(const std::string& tensor) const {
  std::vector<const DraftEinsum*> found;
  for (const DraftEinsum& one : einsums) {
    if (std::any_of(one.operands.begin(), one.operands.end(), [&](const Operand& o) { return o.tensor == tensor; })) {
      found.push_back(&one);
    }
  }
  return found;
}

const DraftEinsum* Draft::writer(const std::string& tensor) const {
  for (const DraftEinsum& one : einsums) {
    if (one.einsum->name() == tensor) return &one;
  }
  return nullptr;
}

}  // namespace einloom::planning
