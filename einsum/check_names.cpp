// SPDX-License-Identifier: Apache-2.0
#include "einsum/check_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/diagnostic.hpp"
#include "base/suggest.hpp"
#include "einsum/ops/op.hpp"

namespace einloom {

namespace {

void check_formula(const Expression& formula, const std::vector<std::string>& symbols, Diagnostics& diagnostics) {
  const auto unknown = [&](const std::string& message) -> Diagnostic& {
    return diagnostics.error("einsum-unknown-symbol", formula.span, message);
  };
  switch (formula.kind) {
    case ExpressionKind::number:
      return;
    case ExpressionKind::symbol:
      if (std::find(symbols.begin(), symbols.end(), formula.name) != symbols.end()) return;
      unknown(fmt::format("`{}` is no rank, parameter or constant", formula.name))
          .with_help(suggestion(formula.name, symbols));
      return;
    case ExpressionKind::index:
    case ExpressionKind::access:
      unknown("a formula of a check is made of ranks, parameters and constants; it reads no tensor and no index")
          .with_help(fmt::format("known: {}", fmt::join(symbols, ", ")));
      return;
    case ExpressionKind::call: {
      const Op* op = find_op(formula.name);
      if (!op) {
        diagnostics.error("einsum-unknown-op", formula.span, fmt::format("there is no operator `{}`", formula.name))
            .with_help(suggestion(formula.name, op_names()));
      } else if (static_cast<std::size_t>(op->arity) != formula.args.size()) {
        diagnostics.error("einsum-op-arity", formula.span,
                          fmt::format("`{}` has {} operand{} here; it takes {}", formula.name, formula.args.size(),
                                      formula.args.size() == 1 ? "" : "s", op->arity));
      }
      break;
    }
    case ExpressionKind::first:
      break;
  }
  for (const Expression& arg : formula.args) check_formula(arg, symbols, diagnostics);
}

// Of all forms: of the document, and of its parts that options choose.
void collect_inputs(const YamlNode& document, std::vector<std::string>& inputs) {
  for (const YamlEntry& tensor : document.find("tensors").entries()) {
    if (tensor.value.find("role").defined() && tensor.value.find("role").text() == "input")
      inputs.push_back(tensor.key);
  }
  for (const YamlNode& item : document.find("einsums").items()) {
    if (item.is_map()) collect_inputs(item, inputs);
  }
}

void check_inputs_named(const YamlNode& map, const std::string& where, const std::vector<std::string>& inputs,
                        Diagnostics& diagnostics) {
  for (const YamlEntry& entry : map.entries()) {
    if (std::find(inputs.begin(), inputs.end(), entry.key) != inputs.end()) continue;
    diagnostics
        .error("check-unknown-name", entry.key_span,
               fmt::format("`{}` names `{}`, which is no input of the cascade", where, entry.key))
        .with_help(suggestion(entry.key, inputs));
  }
}

void check_kinds(const YamlNode& map, Diagnostics& diagnostics) {
  std::vector<std::string> kinds = op_names();
  kinds.insert(kinds.begin(), "mac");
  for (const Selection& selection : all_selections()) kinds.push_back(selection.name);
  for (const YamlEntry& entry : map.entries()) {
    if (std::find(kinds.begin(), kinds.end(), entry.key) != kinds.end()) continue;
    diagnostics
        .error("check-unknown-name", entry.key_span,
               fmt::format("there is no operation `{}`; a multiplication that is summed up is `mac`", entry.key))
        .with_help(suggestion(entry.key, kinds));
  }
}

}  // namespace

void validate_checks(const YamlNode& document, const CascadeDraft& draft, Diagnostics& diagnostics) {
  const YamlNode node = document.find("check");
  std::vector<std::string> inputs;
  collect_inputs(document, inputs);
  std::vector<std::string> symbols = draft.rank_names();
  for (const ParameterDecl& parameter : draft.parameters) symbols.push_back(parameter.name);
  for (const ConstantDecl& constant : draft.constants) symbols.push_back(constant.name);
  check_inputs_named(node.find("inputs"), "inputs", inputs, diagnostics);
  check_inputs_named(node.find("stress"), "stress", inputs, diagnostics);
  for (const auto& [input, values] : draft.checks.inputs) {
    if (values.drawing == Drawing::integers || values.drawing == Drawing::distinct) {
      check_formula(values.below, symbols, diagnostics);
    }
  }
  const YamlNode operations = node.find("operations");
  check_kinds(operations, diagnostics);
  for (const YamlNode& one : node.find("cases").items()) check_kinds(one.find("operations"), diagnostics);
  // A case without formulas of its own has those of the section; each is looked at once.
  std::set<std::string> seen;
  for (const CheckCase& one : draft.checks.cases) {
    for (const auto& [kind, formula] : one.operations) {
      if (seen.insert(fmt::format("{}:{}:{}", kind, formula.span.line, formula.span.column)).second) {
        check_formula(formula, symbols, diagnostics);
      }
    }
  }
}

double formula_value(const Cascade& cascade, const Expression& formula, const Shape& shape) {
  std::vector<std::string> symbols = cascade.all_ranks();
  for (const ParameterDecl& parameter : cascade.parameters()) symbols.push_back(parameter.name);
  for (const ConstantDecl& constant : cascade.constants()) symbols.push_back(constant.name);
  Diagnostics diagnostics;
  check_formula(formula, symbols, diagnostics);
  diagnostics.throw_if_any();
  return cascade.uniform_value(formula, shape);
}

}  // namespace einloom
