// SPDX-License-Identifier: Apache-2.0
#include "einsum/cascade_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/parser.hpp"

namespace einloom {
namespace {

class ChecksReader {
 public:
  explicit ChecksReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  CascadeChecks read(const YamlNode& node) {
    YamlMap map(node, "`check`", diagnostics_);
    if (const YamlNode tolerance = map.optional("tolerance"); tolerance.defined()) {
      checks_.tolerance = read_number(tolerance, "`tolerance`", diagnostics_, checks_.tolerance);
      if (!(checks_.tolerance > 0 && checks_.tolerance <= kLargestTolerance)) {
        diagnostics_.error("check-tolerance", tolerance.span(),
                           fmt::format("a tolerance of {} checks nothing; it is above 0 and at most {}",
                                       checks_.tolerance, kLargestTolerance));
      }
    }
    for (const auto& entry : entries(map.optional("inputs"), "`inputs`")) {
      checks_.inputs.emplace(entry.key, values(entry));
    }
    checks_.stress = numbers(map.optional("stress"), "`stress`");
    const auto passes = integers(map.optional("passes"), "`passes`");
    const CountFormulas operations = formulas(map.optional("operations"));
    const YamlNode cases = map.optional("cases");
    map.finish();
    if (cases.defined() && !cases.is_sequence()) {
      diagnostics_.error("yaml-type", cases.span(), "`cases` is a list").with_help("- shape: {P: 5, M: 7, E: 4}");
    }
    for (const auto& item : cases.items()) checks_.cases.push_back(one_case(item, passes, operations));
    return std::move(checks_);
  }

 private:
  std::vector<YamlEntry> entries(const YamlNode& node, const std::string& what) {
    if (node.defined() && !node.is_map()) {
      diagnostics_.error("yaml-type", node.span(), fmt::format("{} is a map of names", what));
    }
    return node.entries();
  }

  std::map<std::string, double> numbers(const YamlNode& node, const std::string& what) {
    std::map<std::string, double> found;
    for (const auto& entry : entries(node, what)) {
      found[entry.key] = read_number(entry.value, fmt::format("`{}`", entry.key), diagnostics_, 1);
    }
    return found;
  }

  std::map<std::string, std::int64_t> integers(const YamlNode& node, const std::string& what) {
    std::map<std::string, std::int64_t> found;
    for (const auto& entry : entries(node, what)) {
      found[entry.key] =
          read_integer(entry.value, fmt::format("`{}`", entry.key), diagnostics_, 0, std::int64_t{1} << 40, 1);
    }
    return found;
  }

  Expression formula(const YamlNode& node, const std::string& what) {
    const std::size_t before = diagnostics_.size();
    const std::string text = read_string(node, what, diagnostics_);
    if (diagnostics_.size() > before) return {};
    try {
      return parse_formula(text, node.span());
    } catch (const UserError& error) {
      for (const auto& each : error.diagnostics()) diagnostics_.add(each);
      return {};
    }
  }

  CountFormulas formulas(const YamlNode& node) {
    CountFormulas found;
    for (const auto& entry : entries(node, "`operations`")) {
      found[entry.key] = formula(entry.value, fmt::format("the count of `{}`", entry.key));
    }
    return found;
  }

  InputValues values(const YamlEntry& input) {
    InputValues result;
    std::string name;
    YamlNode argument;
    if (input.value.is_map() && input.value.entries().size() == 1) {
      name = input.value.entries().front().key;
      argument = input.value.entries().front().value;
    } else {
      name = read_string(input.value, fmt::format("how `{}` is drawn", input.key), diagnostics_, "normal");
    }
    const std::vector<std::string> names{"constant", "distinct",    "integers", "mask",
                                         "normal",   "permutation", "uniform",  "unit_rows"};
    const bool needs = name != "normal" && name != "permutation" && name != "unit_rows";
    if (std::find(names.begin(), names.end(), name) == names.end() || (needs && !argument.defined())) {
      diagnostics_
          .error("check-drawing", input.value.span(),
                 fmt::format("`{}` does not say how `{}` is drawn", name, input.key))
          .with_help(
              "normal, {normal: 0.5}, {uniform: [0, 1]}, {integers: M}, {distinct: M}, permutation, {permutation: T0}, "
              "{mask: 0.5}, unit_rows or {constant: 1}");
      return result;
    }
    const auto number = [&](const YamlNode& node) {
      return read_number(node, fmt::format("`{}` of `{}`", name, input.key), diagnostics_, 1);
    };
    if (name == "constant") result.drawing = Drawing::constant;
    if (name == "mask") result.drawing = Drawing::mask;
    if (name == "unit_rows") result.drawing = Drawing::unit_rows;
    if (name == "permutation") {  // `below`: so many first ones stay
      result.drawing = Drawing::permutation;
      if (argument.defined()) result.below = formula(argument, fmt::format("`{}` of `{}`", name, input.key));
    } else if (name == "distinct" || name == "integers") {
      result.drawing = name == "distinct" ? Drawing::distinct : Drawing::integers;
      result.below = formula(argument, fmt::format("`{}` of `{}`", name, input.key));
    } else if (name == "uniform") {
      result.drawing = Drawing::uniform;
      if (argument.items().size() == 2) {
        result.a = number(argument.items()[0]);
        result.b = number(argument.items()[1]);
        if (!(result.a < result.b)) {
          diagnostics_.error(
              "check-drawing", argument.span(),
              fmt::format("`uniform` is from {} to {}; the first is below the second", result.a, result.b));
        }
      } else {
        diagnostics_.error("check-drawing", argument.span(), "`uniform` takes [lowest, highest]");
      }
    } else if (argument.defined()) {
      result.a = number(argument);
      if (name == "mask" && !(result.a >= 0 && result.a <= 1)) {
        diagnostics_.error("check-drawing", argument.span(),
                           fmt::format("`mask` has ones with probability {}; it is from 0 to 1", result.a));
      }
    }
    return result;
  }

  CheckCase one_case(const YamlNode& node, const std::map<std::string, std::int64_t>& passes,
                     const CountFormulas& operations) {
    CheckCase result;
    YamlMap map(node, "a case", diagnostics_);
    result.span = node.span();
    result.shape = integers(map.require("shape"), "`shape`");
    for (const auto& entry : entries(map.optional("options"), "`options`")) {
      result.options[entry.key] = read_string(entry.value, fmt::format("option `{}`", entry.key), diagnostics_);
    }
    result.constants = numbers(map.optional("constants"), "`constants`");
    const YamlNode own_passes = map.optional("passes"), own_operations = map.optional("operations");
    result.passes = own_passes.defined() ? integers(own_passes, "`passes`") : passes;
    result.operations = own_operations.defined() ? formulas(own_operations) : operations;
    map.finish();
    return result;
  }

  Diagnostics& diagnostics_;
  CascadeChecks checks_;
};

}  // namespace

CascadeChecks read_checks(const YamlNode& node, Diagnostics& diagnostics) {
  return ChecksReader(diagnostics).read(node);
}

}  // namespace einloom
