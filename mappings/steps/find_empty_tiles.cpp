// SPDX-License-Identifier: Apache-2.0
// `empty_tiles: skip`: tiles in which predicates known before the run (affine ones: causal, windows, borders, segments)
// leave no point are not issued, and moves that serve only such tiles are not made. Exact: a tile without a single
// point is found, whatever the number of predicates. What must happen in every tile does: an Einsum that carries a
// state on, a selection, and the store of what a reduction wrote, which is its identity where nothing was present.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "einsum/evaluator.hpp"
#include "einsum/lattice.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kMostBits = std::int64_t{1} << 28;  // 32 MiB a mask

// Levels of a statement's loops that advance a variable with a predicate, and how.
struct Axis {
  std::size_t variable = 0;
  std::size_t level = 0;  // in `effective`
  std::int64_t divisor = 1, trip = 1, step = 1;
};

class OperationMask {
 public:
  OperationMask(Lowering& lowering, const Statement& statement)
      : program_(lowering.program),
        statement_(statement),
        constraints_(absent_constraints(lowering.cascade, statement.einsum, lowering.program.shape)) {
    const std::size_t variables = statement.box.size();
    for (std::size_t v = 0; v < variables; ++v) {
      if (std::any_of(constraints_.begin(), constraints_.end(),
                      [&](const Constraint& each) { return each.form.coefficients[v] != 0; })) {
        involved_.push_back(v);
      }
    }
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      const ProgramLoop& loop =
          program_.loops[static_cast<std::size_t>(statement.loops[static_cast<std::size_t>(statement.effective[e])])];
      std::int64_t divisor = loop.trip;
      for (const LoopDigit& digit : loop.digits) {
        divisor /= digit.trip;
        for (std::size_t v : involved_) {
          if (statement.box[v].variable == digit.dimension) axes_.push_back({v, e, divisor, digit.trip, digit.step});
        }
      }
    }
  }

  std::shared_ptr<TileMask> make() {
    if (constraints_.empty() || axes_.empty()) return nullptr;
    std::vector<int> levels;
    std::int64_t bits = 1;
    for (std::size_t e = 0; e < statement_.effective.size(); ++e) {
      if (std::none_of(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.level == e; })) continue;
      levels.push_back(static_cast<int>(e));
      if (statement_.trips[e] > kMostBits / bits) return nullptr;
      bits *= statement_.trips[e];
    }
    auto mask = std::make_shared<TileMask>(statement_.trips, levels);
    position_.assign(statement_.trips.size(), 0);
    box_.assign(statement_.box.size(), {});
    bool any_empty = false;
    for (std::int64_t bit = 0; bit < bits; ++bit) {
      find_box();
      if (has_point()) {
        mask->set(bit);
      } else {
        any_empty = true;
      }
      for (std::size_t i = levels.size(); i-- > 0;) {
        const auto level = static_cast<std::size_t>(levels[i]);
        if (++position_[level] < statement_.trips[level]) break;
        position_[level] = 0;
      }
    }
    if (!any_empty) return nullptr;
    mask->finish();
    return mask;
  }

 private:
  void find_box() {
    for (std::size_t v : involved_) {
      const BoxDimension& box = statement_.box[v];
      box_[v] = {0, box.full};
      if (box.partial < 0) continue;
      const auto& loops = statement_.partials[static_cast<std::size_t>(box.partial)].loops;
      const bool last = std::all_of(loops.begin(), loops.end(), [&](int loop) { return stands_last(loop); });
      if (last) box_[v].end = box.last;
    }
    for (const Axis& axis : axes_) {
      const std::int64_t begin = position_[axis.level] / axis.divisor % axis.trip * axis.step;
      box_[axis.variable].begin += begin;
      box_[axis.variable].end += begin;
    }
  }

  // As in Program::variant_at.
  [[nodiscard]] bool stands_last(int loop) const {
    const Guard guard = statement_.guards[static_cast<std::size_t>(loop)];
    if (guard == Guard::last) return true;
    if (guard == Guard::first) {
      return program_.loops[static_cast<std::size_t>(statement_.loops[static_cast<std::size_t>(loop)])].trip == 1;
    }
    const auto found = std::find(statement_.effective.begin(), statement_.effective.end(), loop);
    const auto e = static_cast<std::size_t>(found - statement_.effective.begin());
    return position_[e] == statement_.trips[e] - 1;
  }

  bool has_point() {
    int cutting = 0;  // constraints that some point of the box meets and another one does not
    for (const Constraint& constraint : constraints_) {
      std::int64_t low = constraint.form.constant, high = low;
      for (std::size_t v : involved_) {
        const std::int64_t factor = constraint.form.coefficients[v];
        low += factor * (factor > 0 ? box_[v].begin : box_[v].end - 1);
        high += factor * (factor > 0 ? box_[v].end - 1 : box_[v].begin);
      }
      if (constraint.is_not_equal) {
        if (low == 0 && high == 0) return false;
        cutting += low <= 0 && high >= 0 ? 2 : 0;  // what it leaves has no corner to look at
      } else {
        if (low > 0) return false;
        cutting += high > 0 ? 1 : 0;
      }
    }
    return cutting <= 1 || counts_points();  // one alone: its best corner meets all the others as well
  }

  [[nodiscard]] bool counts_points() const {
    std::vector<std::int64_t> extents;
    for (std::size_t v : involved_) extents.push_back(box_[v].end - box_[v].begin);
    std::vector<Constraint> moved;
    for (const Constraint& constraint : constraints_) {
      Constraint each{{{}, constraint.form.constant}, constraint.is_not_equal};
      for (std::size_t v : involved_) {
        each.form.coefficients.push_back(constraint.form.coefficients[v]);
        each.form.constant += constraint.form.coefficients[v] * box_[v].begin;
      }
      moved.push_back(std::move(each));
    }
    return count_lattice_points(std::move(extents), std::move(moved)) > 0;
  }

  const Program& program_;
  const Statement& statement_;
  const std::vector<Constraint> constraints_;
  std::vector<std::size_t> involved_;  // variables
  std::vector<Axis> axes_;
  std::vector<std::int64_t> position_;
  Box box_;
};

// The tile of each set of iterations over `inner` (positions in `effective`) that is the last one with points.
std::shared_ptr<TileMask> last_ones(const TileMask& mask, const std::vector<std::int64_t>& trips,
                                    const std::vector<int>& inner) {
  auto last = std::make_shared<TileMask>(trips, mask.levels());
  std::vector<std::int64_t> latest, digits;  // by position along the other levels: bit + 1
  std::int64_t others = 1;
  std::vector<std::int64_t> strides(mask.levels().size(), 0);
  for (std::size_t i = mask.levels().size(); i-- > 0;) {
    if (std::find(inner.begin(), inner.end(), mask.levels()[i]) != inner.end()) continue;
    strides[i] = others;
    others *= trips[static_cast<std::size_t>(mask.levels()[i])];
  }
  latest.assign(static_cast<std::size_t>(others), 0);
  for (std::int64_t bit = mask.next(0, mask.bits()); bit < mask.bits(); bit = mask.next(bit + 1, mask.bits())) {
    mask.digits_of(bit, digits);
    const std::int64_t key = std::inner_product(digits.begin(), digits.end(), strides.begin(), std::int64_t{0});
    latest[static_cast<std::size_t>(key)] = bit + 1;
  }
  for (std::int64_t bit : latest) {
    if (bit > 0) last->set(bit - 1);
  }
  last->finish();
  return last;
}

class EmptyTileFinder {
 public:
  explicit EmptyTileFinder(Lowering& lowering) : lowering_(lowering), program_(lowering.program) {}

  void run() {
    for (Statement& statement : program_.statements) {
      if (statement.kind == StatementKind::operation) mask_operation(statement);
    }
    for (Statement& statement : program_.statements) {
      if (statement.kind == StatementKind::load) mask_load(statement);
      if (statement.kind == StatementKind::store) mask_store(statement);
    }
    for (Storage& storage : program_.storages) mask_storage(storage);
    program_.skips = std::any_of(program_.statements.begin(), program_.statements.end(),
                                 [](const Statement& statement) { return statement.mask != nullptr; });
  }

 private:
  void mask_operation(Statement& statement) {
    const Einsum& einsum = lowering_.einsum(statement);
    if (!lowering_.tensor(einsum.name()).iterative_rank.empty() || !einsum.selection().empty()) return;
    statement.mask = OperationMask(lowering_, statement).make();
    if (statement.mask == nullptr || !statement.accumulates) return;
    statement.sum_ends = last_ones(*statement.mask, statement.trips, statement.accumulation_loops);
  }

  // A load is made when one of the tiles that read it has points.
  void mask_load(Statement& load) {
    if (load.serves_all) return;
    std::vector<const Statement*> readers;
    for (const Statement& reader : program_.statements) {
      if (reader.kind != StatementKind::operation) continue;
      const std::vector<const Access*> accesses = lowering_.accesses(reader);
      if (std::any_of(accesses.begin(), accesses.end(),
                      [&](const Access* access) { return lowering_.serves(load, reader, *access); })) {
        readers.push_back(&reader);
      }
    }
    std::vector<int> levels;
    for (const Statement* reader : readers) {
      if (reader->mask == nullptr || !follows(load, *reader)) return;
      for (int level : reader->mask->levels()) {
        const int own = level_of(load, loop_of(*reader, level));
        if (own >= 0 && std::find(levels.begin(), levels.end(), own) == levels.end()) levels.push_back(own);
      }
    }
    if (readers.empty() || levels.empty()) return;
    std::sort(levels.begin(), levels.end());
    auto mask = std::make_shared<TileMask>(load.trips, levels);
    for (const Statement* reader : readers) add_reader(load, *reader, *mask);
    mask->finish();
    if (mask->count(0, mask->bits()) < mask->bits()) load.mask = std::move(mask);
  }

  // Does the reader act in every iteration in which the load does?
  static bool follows(const Statement& load, const Statement& reader) {
    for (std::size_t i = 0; i < load.loops.size(); ++i) {
      if (load.guards[i] == Guard::every && reader.guards[i] != Guard::every) return false;
      if (load.guards[i] == Guard::last && reader.guards[i] != Guard::last) return false;
    }
    return load.loops == reader.loops;
  }

  void add_reader(const Statement& load, const Statement& reader, TileMask& into) {
    const TileMask& from = *reader.mask;
    // The reader's bits by the levels that the load has as well.
    std::vector<int> own;
    for (int level : from.levels()) own.push_back(level_of(load, loop_of(reader, level)));
    std::vector<int> shared;
    for (int level : own) {
      if (level >= 0) shared.push_back(level);
    }
    std::sort(shared.begin(), shared.end());
    TileMask seen(load.trips, shared);
    std::vector<std::int64_t> digits, position(load.trips.size(), 0);
    for (std::int64_t bit = from.next(0, from.bits()); bit < from.bits(); bit = from.next(bit + 1, from.bits())) {
      from.digits_of(bit, digits);
      for (std::size_t i = 0; i < own.size(); ++i) {
        if (own[i] >= 0) position[static_cast<std::size_t>(own[i])] = digits[i];
      }
      seen.set(seen.bit_of(position.data()));
    }
    for (std::int64_t bit = 0; bit < into.bits(); ++bit) {
      into.digits_of(bit, digits);
      for (std::size_t i = 0; i < digits.size(); ++i) {
        position[static_cast<std::size_t>(into.levels()[i])] = digits[i];
      }
      if (seen.at(position.data())) into.set(bit);
    }
  }

  // What a map did not write is not stored; a reduction has written everything.
  void mask_store(Statement& store) {
    const std::string& tensor = program_.tensors[static_cast<std::size_t>(store.tensor)];
    const Statement& writer = program_.statements[static_cast<std::size_t>(lowering_.statement_of.at(tensor))];
    const Einsum& einsum = lowering_.einsum(writer);
    if (writer.mask == nullptr || !einsum.reductions.empty() || einsum.scatters()) return;
    if (writer.loops == store.loops && writer.guards == store.guards) store.mask = writer.mask;
  }

  void mask_storage(Storage& storage) {
    const Statement& producer = program_.statements[static_cast<std::size_t>(storage.producer)];
    if (producer.mask == nullptr) return;
    std::vector<std::int64_t> trips;
    std::vector<int> levels, from;  // masked ones of the slots, and which of the producer's digits they are
    for (std::size_t i = 0; i < storage.loops.size(); ++i) {
      trips.push_back(producer.trips[static_cast<std::size_t>(storage.loops[i])]);
      const auto& masked = producer.mask->levels();
      const auto found = std::find(masked.begin(), masked.end(), storage.loops[i]);
      if (found == masked.end()) continue;
      levels.push_back(static_cast<int>(i));
      from.push_back(static_cast<int>(found - masked.begin()));
    }
    auto mask = std::make_shared<TileMask>(trips, levels);
    std::vector<std::int64_t> digits, position(trips.size(), 0);
    const TileMask& bits = *producer.mask;
    for (std::int64_t bit = bits.next(0, bits.bits()); bit < bits.bits(); bit = bits.next(bit + 1, bits.bits())) {
      bits.digits_of(bit, digits);
      for (std::size_t i = 0; i < levels.size(); ++i) {
        position[static_cast<std::size_t>(levels[i])] = digits[static_cast<std::size_t>(from[i])];
      }
      mask->set(mask->bit_of(position.data()));
    }
    mask->finish();
    storage.mask = std::move(mask);
  }

  static int loop_of(const Statement& statement, int level) {
    return statement.loops[static_cast<std::size_t>(statement.effective[static_cast<std::size_t>(level)])];
  }
  static int level_of(const Statement& statement, int loop) {
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      if (loop_of(statement, static_cast<int>(e)) == loop) return static_cast<int>(e);
    }
    return -1;
  }

  Lowering& lowering_;
  Program& program_;
};

}  // namespace

std::vector<Constraint> absent_constraints(const Cascade& cascade, int einsum, const Shape& shape) {
  const Einsum& one = cascade.einsums()[static_cast<std::size_t>(einsum)];
  const std::vector<std::string> variables = one.variables();
  const std::vector<std::int64_t> extents = variable_extents(one, shape);
  std::vector<Constraint> found;
  for (const Constraint& constraint : domain_constraints(cascade, einsum, shape)) {
    // What a shorter last tile leaves out is not issued.
    if (std::any_of(cascade.partitions().begin(), cascade.partitions().end(), [&](const PartitionDecl& partition) {
          return is_partition_bound(constraint, partition, variables, shape);
        })) {
      continue;
    }
    std::int64_t largest = constraint.form.constant;  // form <= 0 is required
    for (std::size_t i = 0; i < extents.size(); ++i) {
      largest += std::max<std::int64_t>(0, constraint.form.coefficients[i] * (extents[i] - 1));
    }
    if (constraint.is_not_equal || largest > 0) found.push_back(constraint);
  }
  return found;
}

void find_empty_tiles(Lowering& lowering) {
  for (std::size_t e = 0; e < lowering.cascade.einsums().size(); ++e) {
    if (has_data_predicate(lowering.cascade, static_cast<int>(e))) {
      lowering.program.dense.push_back(lowering.cascade.einsums()[e].name());
    }
  }
  if (lowering.plan.empty_tiles == EmptyTiles::issue) return;
  if (lowering.program.grows) {
    lowering.diagnostics
        .error("empty-tiles-twice", lowering.plan.empty_tiles_span,
               "`empty_tiles: skip` and `skip_absent` both leave out tiles without points; a plan has one of them")
        .with_help("take out `skip_absent`: what it cuts off is among the empty tiles");
    lowering.diagnostics.throw_if_any();
  }
  EmptyTileFinder(lowering).run();
}

}  // namespace einloom
