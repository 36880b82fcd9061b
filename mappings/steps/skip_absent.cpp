// SPDX-License-Identifier: Apache-2.0
// Loops of `skip_absent` end where the predicates of all their Einsums leave nothing to do: a causal loop over tiles of
// keys gets longer with the tile of queries around it. States keep their value in the iterations left out.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

class AbsentSkipper {
 public:
  explicit AbsentSkipper(Lowering& lowering) : lowering_(lowering), program_(lowering.program) {}

  void run() {
    for (const Name& name : lowering_.plan.skip_absent) {
      std::vector<std::string> known;
      bool found = false;
      for (std::size_t l = 0; l < program_.loops.size(); ++l) {
        known.push_back(program_.loops[l].digits.front().variable);
        if (known.back() != name.text) continue;
        found = true;
        cut(static_cast<int>(l), name);
      }
      if (found) continue;
      lowering_.diagnostics.error("loop-unknown", name.span, fmt::format("no nest has a loop over `{}`", name.text))
          .with_help(suggestion(name.text, known));
    }
    lowering_.diagnostics.throw_if_any();
  }

 private:
  void cut(int loop, const Name& name) {
    const int parent = lowering_.loop(loop).parent;
    std::optional<TripGrowth> growth;
    for (const Statement& statement : program_.statements) {
      const auto place = std::find(statement.loops.begin(), statement.loops.end(), loop) - statement.loops.begin();
      const auto at = static_cast<std::size_t>(place);
      if (at == statement.loops.size()) continue;
      if (!acts_in_order(statement, at)) {
        lowering_.diagnostics
            .error("skip-acts-last", name.span,
                   fmt::format("`{}` cannot end early: `{}` sums over it, works on its last tile, or does not act in "
                               "every iteration of the loop around it",
                               name.text, statement.name))
            .with_help(fmt::format("put `{}` in a nest of its own behind the loop", statement.name));
        return;
      }
      if (statement.kind != StatementKind::operation || statement.guards[at] != Guard::every) continue;
      const std::optional<TripGrowth> own = parent < 0 ? std::nullopt : growth_of(statement, loop, parent);
      if (!own) {
        lowering_.diagnostics
            .error("skip-has-points", name.span,
                   fmt::format("`{}` cannot end early: `{}` has points in every iteration of it", name.text,
                               statement.name))
            .note("the Einsum", lowering_.einsum(statement).span)
            .with_help("only a predicate on both this index and that of the loop directly around it leaves some out");
        return;
      }
      if (!growth || longer(*own, *growth)) growth = own;
    }
    if (!growth || program_.growing_child(parent) >= 0) return;
    lowering_.loop(loop).growth = growth;
    program_.grows = true;
    renumber(loop, parent);
  }

  bool acts_in_order(const Statement& statement, std::size_t at) {
    if (at == 0 || statement.guards[at - 1] != Guard::every) return false;
    if (statement.guards[at] == Guard::last && shrinks_last(statement, statement.loops[at])) return false;
    if (statement.kind != StatementKind::operation) return true;
    for (const Reduction& reduction : lowering_.einsum(statement).reductions) {
      if (lowering_.advances(statement.loops[at], reduction.variable)) return false;
    }
    return true;
  }

  // Is something that this statement works on shorter in the last iteration of the loop? Then the last iteration would
  // have to be that of the full loop.
  bool shrinks_last(const Statement& statement, int loop) {
    const std::string& tensor = program_.tensors[static_cast<std::size_t>(statement.tensor)];
    const Einsum* einsum = lowering_.cascade.find_einsum(tensor);
    if (einsum == nullptr) return true;
    const std::vector<std::string> variables = einsum->variables();
    return std::any_of(variables.begin(), variables.end(), [&](const std::string& variable) {
      const auto& when = lowering_.dimensions.at(variable).last_when;
      return std::find(when.begin(), when.end(), lowering_.loop(loop).digits.front().variable) != when.end();
    });
  }

  static bool longer(const TripGrowth& a, const TripGrowth& b) {
    return a.slope * b.divisor > b.slope * a.divisor || a.base * b.divisor > b.base * a.divisor;
  }

  // The iterations of `loop` in which the Einsum may have points, from its shortest predicate; nullopt: all.
  std::optional<TripGrowth> growth_of(const Statement& statement, int loop, int parent) {
    const LoopDigit& inner = lowering_.loop(loop).digits.front();
    const LoopDigit& outer = lowering_.loop(parent).digits.front();
    const auto& cuts = lowering_.dimensions.at(outer.dimension).loops;
    if (std::any_of(cuts.begin(), cuts.end(),
                    [&](const LoopDigit& digit) { return digit.variable != outer.variable && digit.trip > 1; })) {
      return std::nullopt;  // the tile's place depends on other loops as well
    }
    const std::vector<std::string> variables = lowering_.einsum(statement).variables();
    const std::vector<std::int64_t> extents = variable_extents(lowering_.einsum(statement), program_.shape);
    std::optional<TripGrowth> shortest;
    for (const Constraint& constraint : domain_constraints(lowering_.cascade, statement.einsum, program_.shape)) {
      if (constraint.is_not_equal) continue;
      // inner_factor · i <= outer_factor · x + base
      std::int64_t inner_factor = 0, outer_factor = 0, base = -constraint.form.constant;
      for (std::size_t v = 0; v < variables.size(); ++v) {
        const std::int64_t factor = constraint.form.coefficients[v];
        if (variables[v] == inner.dimension) {
          inner_factor = factor * inner.step;
        } else if (variables[v] == outer.dimension) {
          outer_factor = -factor * outer.step;
          if (factor < 0) base += -factor * (outer.step - 1);
        } else if (factor < 0) {
          base += -factor * (extents[v] - 1);
        }
      }
      if (inner_factor <= 0 || outer_factor <= 0 || base < 0) continue;
      const TripGrowth growth{outer_factor, base, inner_factor};
      if (!shortest || longer(*shortest, growth)) shortest = growth;
    }
    return shortest;
  }

  // Body executions behind the loop, and in the loops around, come earlier by what is left out.
  void renumber(int loop, int parent) {
    const ProgramLoop& cut = lowering_.loop(loop);
    const std::int64_t trips = lowering_.loop(parent).trip;
    std::int64_t missing = cut.volume * (trips * cut.trip - cut.trips_before(trips));
    for (int at = parent; at >= 0; at = lowering_.loop(at).parent) {
      const int around = lowering_.loop(at).parent;
      const std::int64_t offset = lowering_.loop(at).offset;
      for (ProgramLoop& other : program_.loops) {
        if (other.parent == around && other.offset > offset) other.offset -= missing;
      }
      for (Statement& statement : program_.statements) {
        const int innermost = statement.loops.empty() ? -1 : statement.loops.back();
        if (innermost == around && statement.body_offset > offset) statement.body_offset -= missing;
      }
      if (around < 0) {
        program_.iterations -= missing;
        return;
      }
      lowering_.loop(around).volume -= missing;
      missing *= lowering_.loop(around).trip;
    }
  }

  Lowering& lowering_;
  Program& program_;
};

}  // namespace

void skip_absent(Lowering& lowering) {
  if (!lowering.plan.skip_absent.empty()) AbsentSkipper(lowering).run();
}

}  // namespace einloom
