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

constexpr std::int64_t kMostBits = std::int64_t{1} << 28;  // 32 MiB a mask, and as much again for its counts

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
    if (constraints_.empty()) return nullptr;
    position_.assign(statement_.trips.size(), 0);
    box_.assign(statement_.box.size(), {});
    if (axes_.empty()) return all_or_none();
    std::vector<int> levels;
    std::int64_t bits = 1;
    for (std::size_t e = 0; e < statement_.effective.size(); ++e) {
      if (std::none_of(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.level == e; })) continue;
      levels.push_back(static_cast<int>(e));
      if (statement_.trips[e] > kMostBits / bits) return nullptr;
      bits *= statement_.trips[e];
    }
    auto mask = std::make_shared<TileMask>(statement_.trips, levels);
    inner_ = static_cast<std::size_t>(levels.back());
    const std::int64_t row = mask->row_bits();
    for (std::int64_t first = 0; first < bits; first += row) {
      fill_row(first, row, *mask);
      for (std::size_t i = levels.size() - 1; i-- > 0;) {
        const auto level = static_cast<std::size_t>(levels[i]);
        if (++position_[level] < statement_.trips[level]) break;
        position_[level] = 0;
      }
    }
    mask->finish();
    if (mask->count(0, bits) == bits) return nullptr;
    return mask;
  }

 private:
  // No loop moves a tile along a variable with a predicate: all tiles are alike.
  std::shared_ptr<TileMask> all_or_none() {
    find_box();
    if (has_point()) return nullptr;
    auto mask = std::make_shared<TileMask>(statement_.trips, std::vector<int>{});
    mask->finish();
    return mask;
  }

  // Tiles along the innermost level. The bounds of a constraint are linear there, as long as no tile is shorter and
  // the loop has a single digit: between its ends they are known where they are known at the ends of a stretch.
  void fill_row(std::int64_t first, std::int64_t tiles, TileMask& mask) {
    const bool linear =
        std::count_if(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.level == inner_; }) == 1 &&
        std::all_of(axes_.begin(), axes_.end(),
                    [&](const Axis& axis) { return axis.level != inner_ || axis.trip == tiles; });
    if (linear && tiles > 2) {
      fill(first, 0, tiles - 1, mask);
      fill_tile(first, tiles - 1, mask);  // may be shorter
    } else {
      for (std::int64_t tile = 0; tile < tiles; ++tile) fill_tile(first, tile, mask);
    }
    position_[inner_] = 0;
  }

  // The stretch [begin, end): halved until its tiles are all full or all empty, or one is left.
  void fill(std::int64_t first, std::int64_t begin, std::int64_t end, TileMask& mask) {
    if (begin >= end) return;
    if (end - begin == 1) return fill_tile(first, begin, mask);
    bool full = true;
    for (const Constraint& constraint : constraints_) {
      const Bounds a = bounds_at(begin, constraint), b = bounds_at(end - 1, constraint);
      if (constraint.is_not_equal) {
        full = full && (std::min(a.low, b.low) > 0 || std::max(a.high, b.high) < 0);
        continue;
      }
      if (std::min(a.low, b.low) > 0) return;
      full = full && std::max(a.high, b.high) <= 0;
    }
    if (full) return mask.set(first + begin, first + end);
    const std::int64_t middle = begin + (end - begin) / 2;
    fill(first, begin, middle, mask);
    fill(first, middle, end, mask);
  }

  void fill_tile(std::int64_t first, std::int64_t tile, TileMask& mask) {
    position_[inner_] = tile;
    find_box();
    if (has_point()) mask.set(first + tile);
  }

  // The least and the greatest value of a constraint's form in the tile at hand.
  struct Bounds {
    std::int64_t low = 0, high = 0;
  };
  [[nodiscard]] Bounds bounds(const Constraint& constraint) const {
    Bounds bounds{constraint.form.constant, constraint.form.constant};
    for (std::size_t v : involved_) {
      const std::int64_t factor = constraint.form.coefficients[v];
      bounds.low += factor * (factor > 0 ? box_[v].begin : box_[v].end - 1);
      bounds.high += factor * (factor > 0 ? box_[v].end - 1 : box_[v].begin);
    }
    return bounds;
  }
  Bounds bounds_at(std::int64_t tile, const Constraint& constraint) {
    position_[inner_] = tile;
    find_box();
    return bounds(constraint);
  }

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
      const auto [low, high] = bounds(constraint);
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
  std::size_t inner_ = 0;  // innermost level with a predicate
};

// Of each set of iterations over `inner` (positions in `effective`) the first tile that has points, or the last one.
// The mask itself where none of its levels is inner: then each tile is a set of its own.
enum class End { first, last };
std::shared_ptr<const TileMask> ends_of(const std::shared_ptr<const TileMask>& of, End end,
                                        const std::vector<std::int64_t>& trips, const std::vector<int>& inner) {
  const TileMask& mask = *of;
  const auto is_inner = [&](int level) { return std::find(inner.begin(), inner.end(), level) != inner.end(); };
  if (std::none_of(mask.levels().begin(), mask.levels().end(), is_inner)) return of;
  auto ends = std::make_shared<TileMask>(trips, mask.levels());
  std::int64_t others = 1;
  std::vector<std::int64_t> strides(mask.levels().size(), 0), digits;
  for (std::size_t i = mask.levels().size(); i-- > 0;) {
    if (is_inner(mask.levels()[i])) continue;
    strides[i] = others;
    others *= trips[static_cast<std::size_t>(mask.levels()[i])];
  }
  std::vector<bool> seen(static_cast<std::size_t>(others));  // by the other levels
  // From the end that is looked for: the first one of a set that comes is it.
  const auto keep = [&](std::int64_t bit) {
    mask.digits_of(bit, digits);
    const std::int64_t key = std::inner_product(digits.begin(), digits.end(), strides.begin(), std::int64_t{0});
    if (seen[static_cast<std::size_t>(key)]) return;
    seen[static_cast<std::size_t>(key)] = true;
    ends->set(bit);
  };
  const std::int64_t bits = mask.bits();
  // Where the innermost level is inner, of a row only one counts.
  const std::int64_t row = is_inner(mask.levels().back()) ? mask.row_bits() : 1;
  if (end == End::first) {
    for (std::int64_t bit = mask.next(0, bits); bit < bits; bit = mask.next((bit / row + 1) * row, bits)) keep(bit);
  } else {
    for (std::int64_t bit = mask.last(0, bits); bit >= 0; bit = mask.last(0, bit / row * row)) keep(bit);
  }
  ends->finish();
  return ends;
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
    check_something_issued();
  }

 private:
  void mask_operation(Statement& statement) {
    if (!statement.instruction.empty()) return;  // an instruction is issued as a whole
    const Einsum& einsum = lowering_.einsum(statement);
    if (!lowering_.tensor(einsum.name()).iterative_rank.empty() || !einsum.selection().empty()) return;
    if (is_read_anyway(einsum.name())) return;
    statement.mask = OperationMask(lowering_, statement).make();
    if (statement.mask == nullptr || !statement.accumulates) return;
    statement.sum_ends = ends_of(statement.mask, End::last, statement.trips, statement.accumulation_loops);
  }

  void check_something_issued() {
    std::string names;  // Einsums and their predicates
    for (const Statement& statement : program_.statements) {
      if (statement.kind != StatementKind::operation) continue;
      if (Program::issued(statement) > 0) return;
      const Einsum& einsum = lowering_.einsum(statement);
      std::string own;
      for (const Comparison& comparison : einsum.predicates) {
        own += (own.empty() ? "" : " and ") + print_comparison(comparison);
      }
      if (!own.empty()) names += fmt::format("{}`{}` of `{}`", names.empty() ? "" : ", ", own, einsum.name());
    }
    if (!names.empty()) names = ": " + names;
    lowering_.diagnostics
        .error("no-points", lowering_.plan.empty_tiles_span,
               "with `empty_tiles: skip` nothing is issued: predicates leave no point of any Einsum" + names)
        .with_help("change the extents or the predicates, or set `empty_tiles: issue`");
    lowering_.diagnostics.throw_if_any();
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
    if (readers.empty()) return;
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

  // Sets the bits of what the reader needs.
  static void add_reader(const Statement& load, const Statement& reader, TileMask& into) {
    std::vector<int> place;
    for (int level : into.levels()) {
      const int loop = loop_of(load, level);
      const auto& levels = reader.mask->levels();
      const auto found =
          std::find_if(levels.begin(), levels.end(), [&](int each) { return loop_of(reader, each) == loop; });
      place.push_back(found == levels.end() ? -1 : static_cast<int>(found - levels.begin()));
    }
    into.add(reader.mask->projected(load.trips, into.levels(), place));
  }

  // What a map did not write is not stored, nor what a reduction knows to be absent whatever it sums, unless it is a
  // result of the cascade: those who read it know, too. What spills of a tile goes with it.
  void mask_store(Statement& store) {
    const std::string& tensor = program_.tensors[static_cast<std::size_t>(store.tensor)];
    const Statement& writer = program_.statements[static_cast<std::size_t>(lowering_.statement_of.at(tensor))];
    const Einsum& einsum = lowering_.einsum(writer);
    if (writer.mask == nullptr || einsum.scatters() || writer.loops != store.loops) return;
    const bool spills = store.share < 1;  // a part of each tile that is written, and of no other
    if (!einsum.reductions.empty() && !spills) {
      if (lowering_.tensor(tensor).role == TensorRole::output || has_predicate_on_reduced(writer, einsum)) return;
    }
    std::vector<int> levels, place;
    for (std::size_t i = 0; i < writer.mask->levels().size(); ++i) {
      const int own = level_of(store, loop_of(writer, writer.mask->levels()[i]));
      if (own < 0) return;
      levels.push_back(own);
      place.push_back(static_cast<int>(i));
    }
    store.mask = std::make_shared<TileMask>(writer.mask->projected(store.trips, std::move(levels), place));
  }

  bool has_predicate_on_reduced(const Statement& statement, const Einsum& einsum) {
    const std::size_t outputs = statement.box.size() - einsum.reductions.size();
    const auto constraints = absent_constraints(lowering_.cascade, statement.einsum, program_.shape);
    return std::any_of(constraints.begin(), constraints.end(), [&](const Constraint& constraint) {
      const auto& factors = constraint.form.coefficients;
      return std::any_of(factors.begin() + static_cast<std::ptrdiff_t>(outputs), factors.end(),
                         [](std::int64_t factor) { return factor != 0; });
    });
  }

  // Is the tensor an operand of `first(…)`, which reads absent points as what a tile without any would hold?
  bool is_read_anyway(const std::string& tensor) const {
    const auto reads = [&](const Expression& expression, const auto& self) -> bool {
      return std::any_of(expression.args.begin(), expression.args.end(), [&](const Expression& argument) {
        const bool here = expression.kind == ExpressionKind::first && argument.kind == ExpressionKind::access &&
                          argument.access.tensor == tensor;
        return here || self(argument, self);
      });
    };
    const auto& einsums = lowering_.cascade.einsums();
    return std::any_of(einsums.begin(), einsums.end(),
                       [&](const Einsum& einsum) { return reads(einsum.expression, reads); });
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
    std::vector<int> inner;
    for (std::size_t e = 0; e < producer.trips.size(); ++e) {
      if (std::find(storage.loops.begin(), storage.loops.end(), static_cast<int>(e)) == storage.loops.end()) {
        inner.push_back(static_cast<int>(e));
      }
    }
    storage.firsts = ends_of(producer.mask, End::first, producer.trips, inner);
    storage.mask = std::make_shared<TileMask>(producer.mask->projected(std::move(trips), std::move(levels), from));
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
