// SPDX-License-Identifier: Apache-2.0
// `empty_tiles: skip`: tiles in which predicates known before the run (affine ones: causal, windows, borders, segments;
// and those on data that is known: block masks, lengths) leave no point are not issued, and moves that serve only such
// tiles are not made. Exact: a tile without a single point is found, whatever the number of predicates. What must
// happen in every tile does: an Einsum that carries a state on, a selection, and the store of what a reduction wrote,
// which is its identity where nothing was present.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <set>

#include "mappings/steps/operation_mask.hpp"

namespace einloom {
namespace {

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

  // Returns the Einsums that have too many tiles to look for those that data leaves.
  std::set<std::string> run() {
    mask_operations();
    // Data that leaves nothing at all is of no use; predicates that leave nothing are an error.
    if (!program_.deciding.empty() && !issues_something()) {
      lowering_.known.reset();
      program_.deciding.clear();
      program_.data_seed.reset();
      mask_operations();
    }
    for (Statement& statement : program_.statements) {
      if (statement.kind == StatementKind::load) mask_load(statement);
      if (statement.kind == StatementKind::store) mask_store(statement);
    }
    for (Storage& storage : program_.storages) mask_storage(storage);
    program_.skips = std::any_of(program_.statements.begin(), program_.statements.end(),
                                 [](const Statement& statement) { return statement.mask != nullptr; });
    check_something_issued();
    return std::move(too_many_);
  }

 private:
  void mask_operations() {
    for (Statement& statement : program_.statements) {
      if (statement.kind == StatementKind::operation) mask_operation(statement);
    }
  }

  [[nodiscard]] bool issues_something() const {
    return std::any_of(program_.statements.begin(), program_.statements.end(), [](const Statement& statement) {
      return statement.kind == StatementKind::operation && Program::issued(statement) > 0;
    });
  }

  void mask_operation(Statement& statement) {
    statement.mask = nullptr;
    statement.sum_ends = nullptr;
    if (!statement.instruction.empty()) return;  // an instruction is issued as a whole
    const Einsum& einsum = lowering_.einsum(statement);
    if (!lowering_.tensor(einsum.name()).iterative_rank.empty() || !einsum.selection().empty()) return;
    if (is_read_anyway(einsum.name())) return;
    std::optional<DataPredicates> data;
    if (lowering_.known) data.emplace(lowering_.cascade, statement.einsum, program_.shape, *lowering_.known);
    const bool by_data = data && !data->empty();
    const OperationTiles tiles = tiles_with_points(lowering_, statement, by_data ? &*data : nullptr);
    statement.mask = tiles.mask;
    if (by_data && tiles.are_too_many) too_many_.insert(einsum.name());
    if (by_data && tiles.mask != nullptr) {
      program_.deciding.insert(data->deciding().begin(), data->deciding().end());
      if (data->are_drawn()) program_.data_seed = lowering_.known->seed();
    }
    if (statement.mask == nullptr || !statement.accumulates) return;
    statement.sum_ends = ends_of(statement.mask, End::last, statement.trips, statement.accumulation_loops);
  }

  void check_something_issued() {
    if (issues_something()) return;
    std::string names;  // Einsums and their predicates
    for (const Statement& statement : program_.statements) {
      if (statement.kind != StatementKind::operation) continue;
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
    if (lowering_.known &&
        DataPredicates(lowering_.cascade, statement.einsum, program_.shape, *lowering_.known).depends_on(outputs)) {
      return true;
    }
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
  std::set<std::string> too_many_;  // Einsums with more tiles than a mask has, which data could leave
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
  std::set<std::string> too_many;
  if (lowering.plan.empty_tiles == EmptyTiles::skip) {
    if (lowering.program.grows) {
      lowering.diagnostics
          .error("empty-tiles-twice", lowering.plan.empty_tiles_span,
                 "`empty_tiles: skip` and `skip_absent` both leave out tiles without points; a plan has one of them")
          .with_help("take out `skip_absent`: what it cuts off is among the empty tiles");
      lowering.diagnostics.throw_if_any();
    }
    too_many = EmptyTileFinder(lowering).run();
  }
  for (std::size_t e = 0; e < lowering.cascade.einsums().size(); ++e) {
    const auto& domain = lowering.cascade.domain(static_cast<int>(e));
    const std::string& name = lowering.cascade.einsums()[e].name();
    const bool is_dense = std::any_of(domain.begin(), domain.end(), [&](const Comparison& comparison) {
      return is_data_predicate(comparison) && !(lowering.known && lowering.known->knows(comparison));
    });
    if (is_dense || too_many.count(name) != 0) lowering.program.dense.push_back(name);
  }
}

}  // namespace einloom
