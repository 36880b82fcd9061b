// SPDX-License-Identifier: Apache-2.0
// Are with `empty_tiles: skip` exactly those tiles issued, and those moves made, that predicates leave something to do?
// Small shapes, every tile of every statement looked at point by point; values, counts, and fast-forward on = off.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "einsum/affine.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/input_values.hpp"
#include "einsum/operands.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "mappings/tile_region.hpp"
#include "sim/execute.hpp"
#include "support/data_comparisons.hpp"
#include "support/documents_in_tree.hpp"
#include "support/evaluator_reference.hpp"
#include "support/masked_cases.hpp"
#include "support/same_report.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct Seen {
  std::int64_t plans = 0, tiles = 0, empty = 0, partial = 0, moves = 0, moves_left_out = 0, skipped_ahead = 0;
};

// Points of a box that all predicates leave, one by one.
std::int64_t points_in(const std::vector<Constraint>& constraints, const DataComparisons& data, const Box& box) {
  std::int64_t found = 0;
  each_point(box, [&](const std::vector<std::int64_t>& point) {
    bool present = true;
    for (const Constraint& constraint : constraints) {
      const std::int64_t value = constraint.form.at(point);
      present = present && (constraint.is_not_equal ? value != 0 : value <= 0);
    }
    found += present && data.hold(point) ? 1 : 0;
    return true;
  });
  return found;
}

std::int64_t volume(const Box& box) {
  std::int64_t points = 1;
  for (const Range& range : box) points *= range.end - range.begin;
  return points;
}

// What must be issued: by statement, the instances.
class Expected {
 public:
  Expected(const Program& program, const Cascade& cascade, const TensorStore<double>& values, Seen& seen)
      : program_(program), cascade_(cascade), values_(values), seen_(seen), issued_(program.statements.size()) {
    for (std::size_t s = 0; s < issued_.size(); ++s) {
      if (program.statements[s].kind == StatementKind::operation) look_at_tiles(s);
    }
    for (std::size_t s = 0; s < issued_.size(); ++s) {
      if (program.statements[s].kind == StatementKind::load) look_at_load(s);
      if (program.statements[s].kind == StatementKind::store) look_at_store(s);
    }
  }

  [[nodiscard]] const std::vector<std::set<std::int64_t>>& issued() const { return issued_; }
  [[nodiscard]] bool issues_operations() const {
    for (std::size_t s = 0; s < issued_.size(); ++s) {
      if (program_.statements[s].kind == StatementKind::operation && !issued_[s].empty()) return true;
    }
    return false;
  }
  [[nodiscard]] const std::map<std::string, std::int64_t>& operations() const { return operations_; }

 private:
  void look_at_tiles(std::size_t s) {
    const Statement& statement = program_.statements[s];
    const Einsum& einsum = cascade_.einsums()[static_cast<std::size_t>(statement.einsum)];
    const bool always = !cascade_.find_tensor(einsum.name())->iterative_rank.empty() || !einsum.selection().empty();
    const std::vector<Constraint> constraints = domain_constraints(cascade_, statement.einsum, program_.shape);
    const DataComparisons data(cascade_, statement.einsum, program_.shape, values_);
    std::vector<std::int64_t> position;
    for (std::int64_t n = 0; n < statement.instances; ++n) {
      program_.position_of(statement, n, position);
      const Box box = tile_box(program_, statement, position);
      const std::int64_t points = points_in(constraints, data, box);
      ++seen_.tiles;
      seen_.empty += points == 0 ? 1 : 0;
      seen_.partial += points > 0 && points < volume(box) ? 1 : 0;
      if (points == 0 && !always) continue;
      issued_[s].insert(n);
      std::int64_t counted = volume(box);
      for (std::size_t v = 0; v < box.size(); ++v) {
        if (statement.box[v].variable == einsum.selected_variable()) counted /= box[v].end - box[v].begin;
      }
      for (const auto& [op, count] : operations_per_point(einsum)) operations_[op] += counted * count;
      for (const OuterOperation& outer : outer_operations(einsum)) {
        std::int64_t combined = 1;
        for (std::size_t v = 0; v < outer.variables; ++v) combined *= box[v].end - box[v].begin;
        operations_[outer.op] += combined;
      }
    }
  }

  // Made when a tile that reads it is issued: one that stands where the load stands, in every loop in which it acts.
  void look_at_load(std::size_t s) {
    const Statement& load = program_.statements[s];
    const Access& brought = touched_access(program_, cascade_, load);
    std::set<std::vector<std::int64_t>> wanted;
    std::vector<std::int64_t> position, own;
    for (std::size_t r = 0; r < issued_.size(); ++r) {
      const Statement& reader = program_.statements[r];
      if (reader.kind != StatementKind::operation || reader.loops != load.loops ||
          reader.body_offset != load.body_offset) {
        continue;
      }
      const std::vector<const Access*> reads = operand_accesses(cascade_, reader.einsum);
      if (std::none_of(reads.begin(), reads.end(), [&](const Access* a) { return reads_alike(*a, brought); })) continue;
      for (const std::int64_t n : issued_[r]) {
        program_.position_of(reader, n, position);
        own.clear();
        for (const int path : load.effective) {
          const auto found = std::find(reader.effective.begin(), reader.effective.end(), path);
          REQUIRE(found != reader.effective.end());
          own.push_back(position[static_cast<std::size_t>(found - reader.effective.begin())]);
        }
        wanted.insert(own);
      }
    }
    for (std::int64_t n = 0; n < load.instances; ++n) {
      program_.position_of(load, n, position);
      if (wanted.count(position) != 0) issued_[s].insert(n);
    }
    note_move(s);
  }

  // All are made of what is a reduction over the points that are missing or a result of the cascade; of a map, and of
  // sums that no reader looks at where they are absent, those whose tile is issued.
  void look_at_store(std::size_t s) {
    const Statement& store = program_.statements[s];
    const std::string& tensor = program_.tensors[static_cast<std::size_t>(store.tensor)];
    const Einsum& writer = *cascade_.find_einsum(tensor);
    std::size_t from = 0;
    while (program_.statements[from].name != tensor) ++from;
    const std::size_t outputs = writer.variables().size() - writer.reductions.size();
    bool all =
        writer.scatters() || (!writer.reductions.empty() && cascade_.find_tensor(tensor)->role == TensorRole::output);
    const int einsum = cascade_.einsum_position(tensor);
    for (const Constraint& constraint : domain_constraints(cascade_, einsum, program_.shape)) {
      if (writer.reductions.empty() || holds_everywhere(constraint, writer)) continue;
      for (std::size_t v = outputs; v < constraint.form.coefficients.size(); ++v) {
        all = all || constraint.form.coefficients[v] != 0;
      }
    }
    all = all || data_leaves_terms(writer, outputs);
    if (store.share < 1) all = writer.scatters();  // a part of each tile that is written
    std::set<std::vector<std::int64_t>> written;
    std::vector<std::int64_t> position, own;
    for (const std::int64_t n : issued_[from]) {
      program_.position_of(program_.statements[from], n, position);
      own.clear();
      for (const int path : store.effective) {
        const auto& effective = program_.statements[from].effective;
        own.push_back(position[static_cast<std::size_t>(std::find(effective.begin(), effective.end(), path) -
                                                        effective.begin())]);
      }
      written.insert(own);
    }
    for (std::int64_t n = 0; n < store.instances; ++n) {
      program_.position_of(store, n, position);
      if (all || written.count(position) != 0) issued_[s].insert(n);
    }
    note_move(s);
  }

  [[nodiscard]] bool holds_everywhere(const Constraint& constraint, const Einsum& einsum) const {
    const std::vector<std::int64_t> extents = variable_extents(einsum, program_.shape);
    std::int64_t largest = constraint.form.constant;
    for (std::size_t v = 0; v < extents.size(); ++v) {
      largest += std::max<std::int64_t>(0, constraint.form.coefficients[v] * (extents[v] - 1));
    }
    return !constraint.is_not_equal && largest <= 0;
  }

  // Does data take points from some of a reduction's sums?
  [[nodiscard]] bool data_leaves_terms(const Einsum& writer, std::size_t outputs) const {
    const int einsum = cascade_.einsum_position(writer.name());
    const DataComparisons data(cascade_, einsum, program_.shape, values_);
    const std::vector<std::string> variables = writer.variables();
    for (const Comparison* comparison : data.all()) {
      bool on_reduced = false, always = true;
      for (const IndexExpression* side : {&comparison->left, &comparison->right}) {
        for (const std::string& name : side->variables()) {
          on_reduced = on_reduced || std::find(variables.begin() + static_cast<std::ptrdiff_t>(outputs),
                                               variables.end(), name) != variables.end();
        }
      }
      each_point(full_box(cascade_, einsum, program_.shape), [&](const std::vector<std::int64_t>& point) {
        always = always && (!on_reduced || data.holds(*comparison, point));
        return on_reduced && always;
      });
      if (on_reduced && !always) return true;
    }
    return false;
  }

  void note_move(std::size_t s) {
    const std::int64_t all = program_.statements[s].instances;
    seen_.moves += all;
    seen_.moves_left_out += all - static_cast<std::int64_t>(issued_[s].size());
  }

  const Program& program_;
  const Cascade& cascade_;
  const TensorStore<double>& values_;
  Seen& seen_;
  std::vector<std::set<std::int64_t>> issued_;
  std::map<std::string, std::int64_t> operations_;
};

bool are_numbers(const Cascade& cascade, const TensorStore<double>& values) {
  return std::all_of(cascade.tensors().begin(), cascade.tensors().end(), [&](const TensorDecl& tensor) {
    const Tensor<double>& elements = values.at(tensor.name);
    return tensor.role != TensorRole::output ||
           std::none_of(elements.data(), elements.data() + elements.size(), [](double x) { return std::isnan(x); });
  });
}

void check(const Cascade& cascade, const Machine& machine, const Shape& shape, std::uint64_t seed, Seen& seen) {
  Plan plan = default_plan(cascade, machine, shape, Dtype::fp64, {});
  plan.empty_tiles = EmptyTiles::skip;
  INFO(print_plan(plan));
  const Program program = lower(cascade, machine, plan, shape, Dtype::fp64, {}, seed);
  TensorStore<double> all_values = draw_run_inputs(cascade, program.shape, {Dtype::fp64, seed, 1});
  evaluate<double>(cascade, program.shape, Precision{Dtype::fp64}, all_values);
  const Expected expected(program, cascade, all_values, seen);
  if (!expected.issues_operations()) {
    CHECK(program.deciding.empty());  // nothing at all: then the data is not used
    return;
  }
  std::vector<std::set<std::int64_t>> issued(program.statements.size());
  SimulationOptions options;
  options.fast_forward = false;
  options.observer = [&](int statement, std::int64_t index, std::int64_t, std::int64_t) {
    CHECK(issued[static_cast<std::size_t>(statement)].insert(index).second);
  };
  const Report slow = simulate(program, machine, options);
  std::int64_t tiles = 0, moves = 0;
  for (std::size_t s = 0; s < issued.size(); ++s) {
    INFO(program.statements[s].name);
    CHECK(issued[s] == expected.issued()[s]);
    const auto left_out = program.statements[s].instances - static_cast<std::int64_t>(issued[s].size());
    (program.statements[s].kind == StatementKind::operation ? tiles : moves) += left_out;
  }
  CHECK(slow.tiles_skipped == tiles);
  CHECK(slow.moves_skipped == moves);
  for (const auto& [op, count] : slow.operations) {
    if (op == kGather || op == kScatter) continue;  // addresses: unit/mappings counts them
    INFO(op);
    CHECK(count == (expected.operations().count(op) == 0 ? 0 : expected.operations().at(op)));
  }
  for (const auto& [op, count] : expected.operations()) CHECK(slow.operations.count(op) == 1);
  for (std::size_t m = 0; m < machine.memories.size(); ++m) {
    CHECK(slow.memories[m].peak_bytes >= 0);
    if (machine.memories[m].capacity) CHECK(slow.memories[m].peak_bytes <= machine.memories[m].capacity->value());
  }
  const Report fast = simulate(program, machine, {});
  CHECK(first_difference(slow, fast) == "");
  seen.skipped_ahead += fast.tile_operations_simulated < fast.tile_operations ? 1 : 0;
  ++seen.plans;
  if (!are_numbers(cascade, all_values)) return;  // log of a sum of nothing
  CheckOptions values;
  values.dtype = Dtype::fp64;
  values.seed = seed;
  const CheckReport checked = check_values(cascade, machine, plan, shape, evaluator_of(cascade), values, {});
  INFO(checked.first_mismatch);
  CHECK(checked.passed);
}

void run(const MaskedCase& extents, const Cascade& cascade, std::uint64_t seed, Seen& seen) {
  const Shape shape = shape_of(extents, seed);
  INFO(text_of(extents, shape, seed));
  unless_refused([&] { check(cascade, machine_of_case(seed), shape, seed, seen); });
}

void run_all(const std::vector<MaskedCase>& cases, std::uint64_t seeds_of_each, Seen& seen) {
  for (const MaskedCase& extents : cases) {
    for (std::uint64_t seed = 1; seed <= seeds_of_each; ++seed) {
      run(extents, cascade_of_case(extents, seed), seed, seen);
    }
  }
}

void report(const Seen& seen) {
  fmt::print("{} plans: {} tiles, {} of them empty, {} partial; {} moves, {} left out; fast-forward in {}\n",
             seen.plans, seen.tiles, seen.empty, seen.partial, seen.moves, seen.moves_left_out, seen.skipped_ahead);
}

void check_some(const std::vector<MaskedCase>& cases, std::uint64_t seeds_of_each) {
  Seen seen;
  run_all(cases, seeds_of_each, seen);
  report(seen);
  CHECK(seen.plans > 20);
  CHECK(seen.empty > 100);
  CHECK(seen.partial > 100);
  CHECK(seen.moves_left_out > 20);
}

void check_many(const std::vector<MaskedCase>& cases, std::uint64_t seeds_of_each) {
  Seen seen;
  run_all(cases, seeds_of_each, seen);
  report(seen);
  CHECK(seen.skipped_ahead > 0);
}

}  // namespace

TEST_CASE("tiles without points, and only they, are skipped") { check_some(kMaskedCases, 4 + seeds(2)); }

TEST_CASE("exactly the tiles that known data leaves empty are skipped") { check_some(kDataCases, 3 + seeds(1)); }

TEST_CASE("tiles that known data leaves empty, on more shapes", "[.wide]") { check_many(kDataCases, 40); }

// Moves whose data passes before that of older ones, over a banked DRAM.
TEST_CASE("moves that overtake each other end in their order") {
  Seen seen;
  const Cascade causal = cascade_of("causal");
  for (const std::uint64_t seed : {5U, 10U, 15U, 25U}) run(kMaskedCases[0], causal, seed, seen);
  CHECK(seen.plans == 4);
}

TEST_CASE("an Einsum without a single point is not issued") {
  Seen seen;
  check(cascade_of("sink_tokens"), machine_with(1, ""), shape_of(kMaskedCases[2], 8), 8, seen);
  CHECK(seen.empty > 0);
}

TEST_CASE("tiles without points, on more shapes", "[.wide]") { check_many(kMaskedCases, 60); }

// Rows long enough for fast-forward, along diagonals and from head to head.
TEST_CASE("fast-forward over skipped tiles") {
  Seen seen;
  for (const char* name : {"causal", "sliding_window"}) {
    const Cascade cascade = cascade_of(name);
    Shape shape = AttentionShape{1, 7, 90, 90, 3, 2}.shape();
    if (cascade.name() == "sliding_window") shape.set("WINDOW", 40);
    check(cascade, machine_with(2, ""), shape, 1, seen);
  }
  report(seen);
  CHECK(seen.skipped_ahead == 2);
}
