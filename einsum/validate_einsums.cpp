// SPDX-License-Identifier: Apache-2.0
// Rules on one Einsum: its names exist, its indices fit the ranks they stand for, its variables are bound and used.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "einsum/index_rules.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/validator.hpp"

namespace einloom {
namespace {

std::string counted(std::size_t n, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

class EinsumChecks {
 public:
  EinsumChecks(CascadeDraft& draft, const Einsum& einsum, Diagnostics& diagnostics)
      : draft_(draft), einsum_(einsum), diagnostics_(diagnostics), indices_(draft, diagnostics) {
    for (const auto& rank : draft.rank_names()) {
      variables_.push_back(variable_of_rank(rank));
      symbols_.push_back(rank);
    }
    for (const auto& parameter : draft.parameters) symbols_.push_back(parameter.name);
    for (const auto& constant : draft.constants) constants_.push_back(constant.name);
  }

  void check() {
    check_output();
    check_reductions();
    check_expression(einsum_.expression);
    for (const auto& comparison : einsum_.predicates) {
      for (const auto* side : {&comparison.left, &comparison.right}) check_index(*side);
    }
    check_selection();
    check_all_used();
  }

 private:
  bool known_variable(const std::string& variable, const Span& span) {
    if (std::find(variables_.begin(), variables_.end(), variable) != variables_.end()) return true;
    auto& problem = diagnostics_.error(
        "einsum-unknown-variable", span,
        fmt::format("there is no rank `{}` for index variable `{}`", rank_of_variable(variable), variable));
    const std::string symbol = rank_of_variable(variable);
    if (is_constant(symbol) || std::find(symbols_.begin(), symbols_.end(), symbol) != symbols_.end()) {
      problem.with_help(fmt::format("`{}` is written in upper case; a lower-case name is an index variable", symbol));
    } else if (find_op(variable)) {
      problem.with_help(fmt::format("an operator has parentheses: `{}(…)`", variable));
    } else {
      problem.with_help(suggestion(variable, variables_));
    }
    draft_.incomplete = true;
    return false;
  }

  [[nodiscard]] bool is_constant(const std::string& name) const {
    return std::find(constants_.begin(), constants_.end(), name) != constants_.end();
  }

  // `known`: what else may stand there.
  void check_symbol(const std::string& symbol, const Span& span, const std::vector<std::string>& known = {}) {
    if (std::find(symbols_.begin(), symbols_.end(), symbol) != symbols_.end()) return;
    auto& problem = diagnostics_.error("einsum-unknown-symbol", span,
                                       fmt::format("`{}` is neither a rank nor a parameter", symbol));
    if (is_constant(symbol)) {
      problem.with_help(
          fmt::format("`{}` is a constant, a real number; indices and predicates take whole numbers "
                      "(`parameters`)",
                      symbol));
    } else if (draft_.find_tensor(symbol)) {
      problem.with_help(fmt::format("a tensor is written with its indices: `{}[…]`", symbol));
      has_bare_tensor_ = true;
    } else {
      std::vector<std::string> names = symbols_;
      names.insert(names.end(), known.begin(), known.end());
      problem.with_help(suggestion(symbol, names));
    }
    draft_.incomplete = true;
  }

  // Variables exist and are bound, symbols exist. False when a variable does not exist.
  bool check_index(const IndexExpression& index) {
    bool known = true;
    for (const auto& term : index.terms) {
      if (!term.symbol.empty()) check_symbol(term.symbol, term.symbol_span);
      for (const auto& access : term.gathered) check_access(access);
      if (term.variable.empty()) continue;
      if (known_variable(term.variable, term.variable_span)) {
        use(term.variable, term.variable_span);
      } else {
        known = false;
      }
    }
    return known;
  }

  void use(const std::string& variable, const Span& span) {
    if (used_.insert(variable).second && !bound_.contains(variable) && !reduces_unknown_) {
      diagnostics_
          .error("einsum-unbound-variable", span,
                 fmt::format("index variable `{}` is neither in the output nor reduced", variable))
          .with_help(fmt::format("add `{}` to the indices of `{}`, or reduce it: `sum({}) …`", variable, einsum_.name(),
                                 variable));
    }
  }

  const TensorDecl* known_tensor(const Access& access) {
    const TensorDecl* tensor = draft_.find_tensor(access.tensor);
    if (!tensor) {
      std::vector<std::string> names;
      for (const auto& decl : draft_.tensors) names.push_back(decl.name);
      diagnostics_
          .error("einsum-unknown-tensor", name_span(access), fmt::format("there is no tensor `{}`", access.tensor))
          .with_help(find_op(access.tensor) ? fmt::format("an operator has parentheses: `{}(…)`", access.tensor)
                                            : suggestion(access.tensor, names));
      draft_.incomplete = true;
      return nullptr;
    }
    if (tensor->ranks.size() == access.indices.size()) return tensor;
    diagnostics_
        .error("einsum-index-count", access.span,
               fmt::format("`{}` has {} here; it is declared with {}", access.tensor,
                           counted(access.indices.size(), "index", "indices"),
                           counted(tensor->ranks.size(), "rank", "ranks")))
        .note(fmt::format("declared here with ranks [{}]", fmt::join(tensor->ranks, ", ")), tensor->span);
    return nullptr;
  }

  static Span name_span(const Access& access) {
    Span span = access.span;
    span.length = static_cast<int>(access.tensor.size());
    return span;
  }

  void check_output() {
    const TensorDecl* tensor = known_tensor(einsum_.output);
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < einsum_.output.indices.size(); ++i) {
      const auto& index = einsum_.output.indices[i];
      bool known = true;
      for (const auto& variable : index.variables()) known = known_variable(variable, index.span) && known;
      for (const auto& variable : index.variables()) bound_.insert(variable);
      if (!known) continue;
      if (index.gathers()) {
        if (check_index(index) && tensor && !tensor->iterative_rank.empty() &&
            tensor->ranks[i] == tensor->iterative_rank) {
          indices_.wrong_rank(einsum_.output, *tensor, i, "states are written in order, at the next index");
        }
        continue;
      }
      const auto variable = index.plain_variable();
      const bool next = variable && index.plain_offset() == 1 && draft_.is_iterative(rank_of_variable(*variable));
      if (!variable || (index.plain_offset() != 0 && !next)) {
        diagnostics_.error(
            "einsum-output-index", index.span,
            fmt::format("`{}` is no index of an output; an output index is one variable, or variable+1 of an "
                        "iterative rank",
                        print_index(index)));
        continue;
      }
      if (std::find(seen.begin(), seen.end(), *variable) != seen.end()) {
        diagnostics_.error("einsum-duplicate-variable", index.span,
                           fmt::format("index variable `{}` stands twice in the output", *variable));
        continue;
      }
      seen.push_back(*variable);
      if (tensor && tensor->ranks[i] != rank_of_variable(*variable)) {
        indices_.wrong_rank(einsum_.output, *tensor, i,
                            fmt::format("the index variable of rank `{}` is `{}`", tensor->ranks[i],
                                        variable_of_rank(tensor->ranks[i])));
      }
    }
  }

  void check_reductions() {
    std::set<std::string> reduced;
    for (const auto& reduction : einsum_.reductions) {
      if (!known_variable(reduction.variable, reduction.span)) {
        reduces_unknown_ = true;  // meant to be one of those that are unbound now
        continue;
      }
      if (reduced.contains(reduction.variable)) {
        diagnostics_.error("einsum-duplicate-variable", reduction.span,
                           fmt::format("index variable `{}` is reduced twice", reduction.variable));
      } else if (bound_.contains(reduction.variable)) {
        diagnostics_.error("einsum-reduced-in-output", reduction.span,
                           fmt::format("index variable `{}` is reduced and stands in the output; it can only do one",
                                       reduction.variable));
      }
      reduced.insert(reduction.variable);
    }
    bound_.insert(reduced.begin(), reduced.end());
  }

  void check_expression(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::number:
        break;
      case ExpressionKind::symbol:
        if (!is_constant(expression.name)) check_symbol(expression.name, expression.span, constants_);
        break;
      case ExpressionKind::first:
        check_first(expression);
        break;
      case ExpressionKind::index:
        if (known_variable(expression.name, expression.span)) use(expression.name, expression.span);
        break;
      case ExpressionKind::access:
        check_access(expression.access);
        break;
      case ExpressionKind::call:
        check_call(expression);
        break;
    }
    if (expression.kind == ExpressionKind::first) return;
    for (const auto& arg : expression.args) check_expression(arg);
  }

  void check_first(const Expression& first) {
    in_first_ = true;  // an operand may be indexed beyond its rank
    for (const auto& arg : first.args) check_expression(arg);
    in_first_ = false;
    const bool simple = std::all_of(first.args.begin(), first.args.end(), [](const Expression& arg) {
      return arg.kind == ExpressionKind::access || arg.is_uniform();
    });
    if (simple && first.args.size() >= 2) return;
    diagnostics_
        .error("einsum-first", first.span,
               "`first` takes two or more operands, each a tensor access or a value that is the same everywhere; it is "
               "the first access that is inside its tensor")
        .with_help("first(A[m], B[m-N], 0)");
  }

  // A selection stands alone; topk, argsort and sort have one output variable that counts their results.
  void check_selection() {
    for (const auto& reduction : einsum_.reductions) {
      const Selection* selection = find_selection(reduction.op);
      if (!selection) continue;
      if (einsum_.reductions.size() > 1) {
        diagnostics_.error(
            "einsum-selection", reduction.span,
            fmt::format("`{}` stands with another reduction; a selection is along one variable and alone",
                        reduction.op));
        return;
      }
      std::size_t counting = 0;
      for (const auto& index : einsum_.output.indices) {
        for (const auto& variable : index.variables()) counting += used_.contains(variable) ? 0 : 1;
      }
      if (counting == (selection->ranked ? 1U : 0U)) return;
      diagnostics_
          .error("einsum-selection", reduction.span,
                 fmt::format("`{}` needs {} output variable that does not appear right of `=`, and there {} {}",
                             reduction.op, selection->ranked ? "one" : "no", counting == 1 ? "is" : "are", counting))
          .with_help(selection->ranked ? fmt::format("IX[h,k] = {}(m) X[h,m]: k counts the results", reduction.op)
                                       : fmt::format("IX[h] = {}(m) X[h,m]", reduction.op));
      return;
    }
  }

  void check_call(const Expression& call) {
    Span name = call.span;
    name.length = static_cast<int>(call.name.size());
    const Op* op = find_op(call.name);
    if (!op) {
      auto& problem =
          diagnostics_.error("einsum-unknown-op", name, fmt::format("there is no operator `{}`", call.name));
      if (draft_.find_tensor(call.name)) {
        problem.with_help(fmt::format("a tensor is indexed with brackets: `{}[…]`", call.name));
        draft_.incomplete = true;
      } else if (!counted_reduction(call.name).empty()) {
        for (const auto& arg : call.args) bound_.insert(arg.name);  // meant as reduced
        problem.with_help(
            fmt::format("`{}` reduces: it stands right after `=`, as in `= {}(m) X[m,p]`", call.name, call.name));
      } else {
        problem.with_help(suggestion(call.name, op_names()));
      }
    } else if (static_cast<std::size_t>(op->arity) != call.args.size()) {
      diagnostics_.error("einsum-op-arity", name,
                         fmt::format("`{}` has {} here; it takes {}", call.name,
                                     counted(call.args.size(), "operand", "operands"), op->arity));
    }
  }

  void check_access(const Access& access) {
    const TensorDecl* tensor = known_tensor(access);
    for (std::size_t i = 0; i < access.indices.size(); ++i) {
      const auto& index = access.indices[i];
      if (!check_index(index) || !tensor) continue;
      if (!tensor->iterative_rank.empty() && tensor->ranks[i] == tensor->iterative_rank) {
        indices_.check_state(access, *tensor, i);
      } else {
        indices_.check_rank(access, *tensor, i, in_first_);
      }
    }
  }

  void check_all_used() {
    if (has_bare_tensor_) return;  // its indices are what may be missing
    const bool is_selection = std::any_of(einsum_.reductions.begin(), einsum_.reductions.end(),
                                          [](const Reduction& each) { return find_selection(each.op) != nullptr; });
    const auto missing = [&](const std::string& variable, const Span& span, const char* what) {
      if (used_.contains(variable)) return;
      if (std::find(variables_.begin(), variables_.end(), variable) == variables_.end()) return;
      diagnostics_.error(
          "einsum-unused-variable", span,
          fmt::format("{} variable `{}` does not appear right of `=`; every variable does", what, variable));
    };
    for (const auto& index : einsum_.output.indices) {
      if (is_selection) break;  // check_selection says which may be missing
      for (const auto& variable : index.variables()) missing(variable, index.span, "output");
    }
    for (const auto& reduction : einsum_.reductions) {
      const auto outputs = einsum_.output.indices;
      const bool reported = std::any_of(outputs.begin(), outputs.end(), [&](const IndexExpression& index) {
        const auto names = index.variables();
        return std::find(names.begin(), names.end(), reduction.variable) != names.end();
      });
      if (!reported) missing(reduction.variable, reduction.span, "reduced");
    }
  }

  CascadeDraft& draft_;
  const Einsum& einsum_;
  Diagnostics& diagnostics_;
  IndexRules indices_;
  std::vector<std::string> variables_, symbols_, constants_;
  bool in_first_ = false, has_bare_tensor_ = false, reduces_unknown_ = false;
  std::set<std::string> bound_, used_;
};

// A tensor written at `m1+1` of an iterative rank holds states.
void find_states(CascadeDraft& draft, Diagnostics& diagnostics) {
  for (const auto& einsum : draft.einsums) {
    for (auto& tensor : draft.tensors) {
      if (tensor.name != einsum.name() || tensor.ranks.size() != einsum.output.indices.size()) continue;
      for (const auto& index : einsum.output.indices) {
        const auto variable = index.plain_variable();
        if (!variable || index.plain_offset() != 1 || !tensor.iterative_rank.empty()) continue;
        const std::string rank = rank_of_variable(*variable);
        if (draft.is_iterative(rank)) tensor.iterative_rank = rank;
      }
    }
  }
  for (const auto& tensor : draft.tensors) {
    if (!tensor.iterative_rank.empty() && !tensor.initial) {
      diagnostics
          .error("tensor-no-initial", tensor.span,
                 fmt::format("tensor `{}` is iterative over `{}` and has no `initial`; state 0 needs a value",
                             tensor.name, tensor.iterative_rank))
          .note("the next state is written here",
                draft.einsums[static_cast<std::size_t>(draft.writer_of(tensor.name))].span)
          .with_help("a running sum starts at 0, a running max at -inf");
    }
    if (tensor.iterative_rank.empty() && tensor.initial && !draft.incomplete) {
      diagnostics.error(
          "tensor-initial-not-iterative", tensor.span,
          fmt::format("tensor `{}` has `initial`, but no Einsum writes `{}` at the next index of an iterative "
                      "rank; only states have an initial value",
                      tensor.name, tensor.name));
    }
  }
}

}  // namespace

void validate_einsums(CascadeDraft& draft, Diagnostics& diagnostics) {
  find_states(draft, diagnostics);
  for (const auto& einsum : draft.einsums) EinsumChecks(draft, einsum, diagnostics).check();
}

}  // namespace einloom
