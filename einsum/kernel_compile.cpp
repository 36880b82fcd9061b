// SPDX-License-Identifier: Apache-2.0
// Einsum + shape → strides, array operations and the way to run them.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/diagnostic.hpp"
#include "einsum/kernel.hpp"

namespace einloom::kernel {
namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

template <class T>
class Compiler {
 public:
  Compiler(const Cascade& cascade, int einsum, const Shape& shape, Precision precision)
      : cascade_(cascade), einsum_(cascade.einsums().at(at(einsum))), shape_(shape), variables_(einsum_.variables()) {
    for (const auto& comparison : cascade.domain(einsum)) {
      if (!comparison.is_affine()) data_constraints(comparison, out_.data_constraints);
    }
    out_.extents = variable_extents(einsum_, shape);
    out_.outputs = static_cast<int>(variables_.size() - einsum_.reductions.size());
    out_.constraints = domain_constraints(cascade, einsum, shape);
    out_.output = access(einsum_.output);
    const TensorDecl& tensor = *cascade.find_tensor(einsum_.name());
    out_.dtype = tensor.dtype.value_or(precision.dtype);
    const bool exact = out_.dtype == Dtype::fp64 || (sizeof(T) == sizeof(float) && out_.dtype == Dtype::fp32);
    out_.rounds = !exact;
    out_.result = value(einsum_.expression);
    reductions();
    stores(tensor);
    out_.chunk = choose_chunk();
    out_.contraction = find_contraction();
  }

  Compiled<T> take() { return std::move(out_); }

 private:
  int add_access(const Access& made) {
    CompiledAccess compiled = access(made);  // may add index tensors
    out_.accesses.push_back(std::move(compiled));
    return static_cast<int>(out_.accesses.size()) - 1;
  }

  // `scale` times the gathered elements of an index.
  void gathers_of(const IndexExpression& index, std::int64_t scale, std::vector<Gather>& into) {
    for (const auto& term : index.terms) {
      if (term.gathered.empty()) continue;
      const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : shape_.at(term.symbol));
      into.push_back({add_access(term.gathered.front()), scale * factor});
    }
  }

  void data_constraints(const Comparison& comparison, std::vector<DataConstraint>& into) {
    std::vector<Gather> left, right;
    gathers_of(comparison.left, 1, left);
    gathers_of(comparison.right, 1, right);
    // `resolve` turns a > b into b - a, and a == b into a - b and b - a.
    bool mirrored = comparison.op[0] == '>';
    for (auto& constraint : resolve(comparison, variables_, shape_)) {
      DataConstraint made{std::move(constraint.form), {}, constraint.is_not_equal};
      for (const auto& each : left) made.gathers.push_back({each.access, mirrored ? -each.stride : each.stride});
      for (const auto& each : right) made.gathers.push_back({each.access, mirrored ? each.stride : -each.stride});
      into.push_back(std::move(made));
      mirrored = true;
    }
  }

  // Conditions for an access to be inside its tensor.
  void bounds(const Access& access, std::vector<Constraint>& affine, std::vector<DataConstraint>& data) {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    for (std::size_t k = 0; k < tensor.ranks.size(); ++k) {
      const std::int64_t extent = shape_.at(tensor.ranks[k]) + (tensor.ranks[k] == tensor.iterative_rank ? 1 : 0);
      AffineForm below = resolve(access.indices[k], variables_, shape_);  // index - (extent - 1) <= 0
      AffineForm above = below;                                           // -index <= 0
      for (auto& c : above.coefficients) c = -c;
      above.constant = -above.constant;
      below.constant -= extent - 1;
      std::vector<Gather> gathers;
      gathers_of(access.indices[k], 1, gathers);
      if (gathers.empty()) {
        affine.push_back({below, false});
        affine.push_back({above, false});
        continue;
      }
      std::vector<Gather> negative = gathers;
      for (auto& gather : negative) gather.stride = -gather.stride;
      data.push_back({below, gathers, false});
      data.push_back({above, negative, false});
    }
  }

  CompiledAccess access(const Access& access) {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    CompiledAccess result{&access,
                          access.tensor,
                          0,
                          std::vector<std::int64_t>(variables_.size(), 0),
                          std::vector<bool>(variables_.size(), false),
                          1,
                          {}};
    for (std::size_t k = tensor.ranks.size(); k-- > 0;) {
      const AffineForm form = resolve(access.indices[k], variables_, shape_);
      result.base += form.constant * result.tensor_size;
      for (std::size_t v = 0; v < variables_.size(); ++v) {
        result.strides[v] += form.coefficients[v] * result.tensor_size;
        if (form.coefficients[v] != 0) result.uses[v] = true;
      }
      const std::size_t known = result.gathers.size();
      gathers_of(access.indices[k], result.tensor_size, result.gathers);
      for (std::size_t g = known; g < result.gathers.size(); ++g) {
        const auto& inner = out_.accesses[at(result.gathers[g].access)].uses;
        for (std::size_t v = 0; v < variables_.size(); ++v) result.uses[v] = result.uses[v] || inner[v];
      }
      result.tensor_size *= shape_.at(tensor.ranks[k]) + (tensor.ranks[k] == tensor.iterative_rank ? 1 : 0);
    }
    return result;
  }

  double uniform(const Expression& expression) const { return cascade_.uniform_value(expression, shape_); }

  int first(const Expression& expression) {
    Alternatives alternatives;
    for (const auto& arg : expression.args) {
      Alternatives::Choice choice;
      if (arg.is_uniform()) {
        choice.constant = uniform(arg);
      } else {
        choice.access = add_access(arg.access);
        bounds(arg.access, choice.inside, choice.inside_data);
      }
      alternatives.choices.push_back(std::move(choice));
    }
    out_.alternatives.push_back(std::move(alternatives));
    return add({Source::first, static_cast<int>(out_.alternatives.size()) - 1, 0});
  }

  int add(Register made) {
    out_.registers.push_back(made);
    return static_cast<int>(out_.registers.size()) - 1;
  }

  int value(const Expression& expression) {
    if (expression.is_uniform()) return add({Source::constant, kNone, uniform(expression)});
    if (expression.kind == ExpressionKind::index) {
      const auto found = std::find(variables_.begin(), variables_.end(), expression.name);
      return add({Source::index, static_cast<int>(found - variables_.begin()), 0});
    }
    if (expression.kind == ExpressionKind::access) {
      return add({Source::access, add_access(expression.access), 0});
    }
    if (expression.kind == ExpressionKind::first) return first(expression);
    const Op& op = *find_op(expression.name);
    Step<T> step;
    step.function = op.template vector<T>();
    step.ternary = op.template ternary<T>();
    step.a = value(expression.args[0]);
    if (op.arity >= 2) step.b = value(expression.args[1]);
    if (op.arity == 3) step.c = value(expression.args[2]);
    out_.steps.push_back(step);
    return add({Source::step, static_cast<int>(out_.steps.size()) - 1, 0});
  }

  void reductions() {
    const auto& all = einsum_.reductions;
    if (!einsum_.selection().empty()) {
      const Selection& selection = *find_selection(einsum_.selection());
      out_.selection = SelectionPlan{selection.largest_first, selection.gives_index, kNone};
      const auto counter = std::find(variables_.begin(), variables_.end(), einsum_.selected_variable());
      if (selection.ranked) out_.selection->counter = static_cast<int>(counter - variables_.begin());
      return;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const int variable = out_.outputs + static_cast<int>(i);
      if (i == 0 || all[i].op != all[i - 1].op) {
        const ReductionOp& op = *find_reduction(all[i].op);
        out_.groups.push_back(
            {find_op(op.combine)->template vector<T>(), static_cast<T>(op.identity), variable, variable, {}, {}});
      }
      out_.groups.back().last = variable + 1;
    }
    for (auto& group : out_.groups) {
      for (const auto& constraint : out_.constraints) {
        if (uses_only_before(constraint, group.last)) group.constraints.push_back(constraint);
      }
      for (const auto& constraint : out_.data_constraints) {
        if (uses_only_before(constraint, group.last)) group.data_constraints.push_back(constraint);
      }
    }
  }

  bool uses_only_before(const DataConstraint& constraint, int limit) const {
    if (!uses_only_before(Constraint{constraint.form, false}, limit)) return false;
    return std::all_of(constraint.gathers.begin(), constraint.gathers.end(), [&](const Gather& gather) {
      const auto& uses = out_.accesses[at(gather.access)].uses;
      return std::find(uses.begin() + limit, uses.end(), true) == uses.end();
    });
  }

  static bool uses_only_before(const Constraint& constraint, int limit) {
    const auto& coefficients = constraint.form.coefficients;
    return std::all_of(coefficients.begin() + limit, coefficients.end(), [](std::int64_t c) { return c == 0; });
  }

  void stores(const TensorDecl& tensor) {
    const bool is_state = !tensor.iterative_rank.empty();
    // A reduction stores every output: its identity where all is absent. A scatter has no place for what is absent.
    if ((!out_.groups.empty() || out_.selection) && !is_state && out_.output.gathers.empty()) return;
    for (const auto& constraint : out_.constraints) {
      if (uses_only_before(constraint, out_.outputs)) out_.store_constraints.push_back(constraint);
    }
    for (const auto& constraint : out_.data_constraints) {
      if (uses_only_before(constraint, out_.outputs)) out_.store_data_constraints.push_back(constraint);
    }
    out_.carries_state = is_state && !(out_.store_constraints.empty() && out_.store_data_constraints.empty());
    if (!is_state) return;
    const auto found = std::find(variables_.begin(), variables_.end(), variable_of_rank(tensor.iterative_rank));
    out_.previous_state = -out_.output.strides[static_cast<std::size_t>(found - variables_.begin())];
  }

  // The variable whose neighbours are neighbours in memory most often, and long enough to pay for a loop over it.
  int choose_chunk() const {
    if (out_.selection) return out_.variables() - 1;
    int best = kNone;
    double best_cost = 0;
    for (int v = 0; v < out_.variables(); ++v) {
      const bool reduced = v >= out_.outputs;
      if (reduced && (out_.groups.size() != 1 || v + 1 != out_.variables())) continue;
      double cost = 40.0 / static_cast<double>(std::min(out_.extents[at(v)], kChunk));
      if (reduced) cost += 3;  // one chain of dependent operations
      const auto touch = [&](const CompiledAccess& each) {
        const std::int64_t stride = each.gathers.empty() ? each.strides[at(v)] : kChunk;
        cost += stride == 0 || stride == 1 ? 0.5 : 3;
      };
      for (const auto& each : out_.accesses) touch(each);
      if (!reduced) touch(out_.output);
      if (best == kNone || cost < best_cost) {
        best = v;
        best_cost = cost;
      }
    }
    return best;
  }

  bool factors(const Expression& expression, double& scale, std::vector<const Access*>& found) const {
    if (expression.is_uniform()) {
      scale *= uniform(expression);
      return true;
    }
    if (expression.kind == ExpressionKind::access) {
      found.push_back(&expression.access);
      return true;
    }
    if (expression.kind != ExpressionKind::call) return false;
    if (expression.name == "mul")
      return factors(expression.args[0], scale, found) && factors(expression.args[1], scale, found);
    if (expression.name != "div" || !expression.args[1].is_uniform()) return false;
    const double divisor = uniform(expression.args[1]);
    scale = divisor == 0 ? 0 : scale / divisor;
    return factors(expression.args[0], scale, found);
  }

  std::optional<Contraction> find_contraction() const {
    if (!out_.data_constraints.empty() || !out_.output.gathers.empty() || out_.accesses.size() != 2)
      return std::nullopt;
    if (out_.groups.size() != 1 || einsum_.reductions.front().op != "sum" || !out_.store_constraints.empty()) {
      return std::nullopt;
    }
    Contraction result;
    std::vector<const Access*> found;
    if (!factors(einsum_.expression, result.scale, found) || found.size() != 2 || !std::isfinite(result.scale)) {
      return std::nullopt;
    }
    // value() visits accesses in the same order.
    result.a = 0;
    result.b = 1;
    const auto& a = out_.accesses[0].uses;
    const auto& b = out_.accesses[1].uses;
    const auto longer = [&](int v, int than) { return than == kNone || out_.extents[at(v)] > out_.extents[at(than)]; };
    for (int v = 0; v < out_.outputs; ++v) {
      if (a[at(v)] && !b[at(v)] && longer(v, result.m)) result.m = v;
      if (!a[at(v)] && b[at(v)] && longer(v, result.n)) result.n = v;
    }
    result.k = out_.variables() - 1;
    if (result.m == kNone || result.n == kNone) return std::nullopt;
    if (out_.extents[at(result.m)] < 2 || out_.extents[at(result.n)] < 4) return std::nullopt;
    for (const auto& constraint : out_.constraints) {
      const auto& c = constraint.form.coefficients;
      const bool coupled = c[at(result.m)] != 0 && c[at(result.n)] != 0 && c[at(result.k)] != 0;
      if (constraint.is_not_equal || coupled) return std::nullopt;
    }
    return result;
  }

  const Cascade& cascade_;
  const Einsum& einsum_;
  const Shape& shape_;
  const std::vector<std::string> variables_;
  Compiled<T> out_;
};

}  // namespace

template <class T>
Compiled<T> compile(const Cascade& cascade, int einsum, const Shape& shape, Precision precision) {
  return Compiler<T>(cascade, einsum, shape, precision).take();
}

template Compiled<double> compile(const Cascade&, int, const Shape&, Precision);
template Compiled<float> compile(const Cascade&, int, const Shape&, Precision);

void clip(const Constraint& constraint, int v, const std::vector<std::int64_t>& point, Range& range) {
  const auto& coefficients = constraint.form.coefficients;
  std::int64_t rest = constraint.form.constant;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (static_cast<int>(i) != v) rest += coefficients[i] * point[i];
  }
  const std::int64_t c = v == kNone ? 0 : coefficients[static_cast<std::size_t>(v)];
  const auto floor_div = [](std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && a < 0 ? 1 : 0); };
  if (c > 0) {
    range.end = std::min(range.end, floor_div(-rest, c) + 1);
  } else if (c < 0) {
    range.begin = std::max(range.begin, -floor_div(-rest, -c));
  } else if (rest > 0) {
    range.end = range.begin;
  }
}

}  // namespace einloom::kernel
