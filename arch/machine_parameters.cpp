// SPDX-License-Identifier: Apache-2.0
#include "arch/machine_parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "base/scalar_expression.hpp"

namespace einloom {
namespace {

// `dim`, `2 * dim`, `(1+1)`; not `256`, `-1`, `1e3`, `010`, which the strict number readers judge.
bool looks_like_expression(const YamlNode& node) {
  const std::string& text = node.text();
  if (!node.is_scalar() || text.empty()) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_') return true;
  if (text.find_first_of("*/() ") != std::string::npos) return true;
  const auto sign = text.find_first_of("+-", 1);
  return sign != std::string::npos && text[sign - 1] != 'e' && text[sign - 1] != 'E';
}

// A value the reader accepted, or nullopt when it reported.
template <class Read>
auto unless_reported(const Diagnostics& diagnostics, const Read& read) -> std::optional<decltype(read())> {
  const auto errors_before = diagnostics.size();
  auto value = read();
  if (diagnostics.size() != errors_before) return std::nullopt;
  return value;
}

}  // namespace

bool is_identifier(const std::string& text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

MachineParameters::MachineParameters(const YamlNode& node, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
  if (!node.defined()) return;
  const YamlMap check(node, "`parameters`", diagnostics);  // reports yaml-type
  readable_ = node.is_map();
  for (const YamlEntry& entry : node.entries()) {
    if (!is_identifier(entry.key)) {
      diagnostics_.error(
          "parameter-name", entry.key_span,
          fmt::format("parameter `{}`; a name is letters, digits and _, not starting with a digit", entry.key));
      continue;
    }
    std::optional<double> value;
    if (looks_like_expression(entry.value)) {
      if (const auto evaluated = evaluate(entry.value, "a parameter may use the parameters before it"))
        value = evaluated->value;
    } else {
      value = unless_reported(diagnostics_, [&] {
        return read_number(entry.value, fmt::format("parameter `{}`", entry.key), diagnostics_, 0);
      });
    }
    names_.push_back(entry.key);
    values_.emplace_back(entry.key, value.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
}

std::optional<MachineParameters::Evaluated> MachineParameters::evaluate(const YamlNode& node,
                                                                        const std::string& help) const {
  try {
    const ScalarExpression expression = ScalarExpression::parse(node.text(), node.span());
    const auto value_of = [this](const std::string& name) -> std::optional<double> {
      for (const auto& [parameter, value] : values_) {
        if (parameter == name) return value;
      }
      return std::nullopt;
    };
    if (!readable_ && !expression.names().empty()) return std::nullopt;
    for (const std::string& name : expression.names()) {
      if (const auto value = value_of(name); value && std::isnan(*value)) return std::nullopt;
    }
    return Evaluated{expression.evaluate(value_of, names_), node, true};
  } catch (const UserError& error) {
    for (Diagnostic diagnostic : error.diagnostics()) {
      if (diagnostic.help.empty()) diagnostic.help = help;
      diagnostics_.add(std::move(diagnostic));
    }
    return std::nullopt;
  }
}

std::optional<MachineParameters::Evaluated> MachineParameters::measure(const YamlNode& node, const std::string& what,
                                                                       const std::string& unit_key,
                                                                       const std::function<double()>& read) const {
  if (!node.is_map()) {
    const auto value = unless_reported(diagnostics_, read);
    return value ? std::optional(Evaluated{*value, node, false}) : std::nullopt;
  }
  YamlMap map(node, what, diagnostics_);
  const YamlNode expression = map.require(unit_key);
  map.finish();
  if (!expression.defined()) return std::nullopt;
  if (expression.is_scalar()) return evaluate(expression);
  static_cast<void>(read_number(expression, what, diagnostics_, 0));  // reports yaml-type
  return std::nullopt;
}

bool MachineParameters::in_range(const Evaluated& evaluated, const std::string& what, std::int64_t minimum,
                                 std::int64_t maximum, const std::string& unit) const {
  const bool below = evaluated.value < static_cast<double>(minimum);
  if (!below && evaluated.value <= static_cast<double>(maximum)) return true;
  const std::string found = evaluated.is_expression
                                ? fmt::format("`{}` is {:.10g}", evaluated.scalar.text(), evaluated.value)
                                : fmt::format("found `{}`", evaluated.scalar.text());
  diagnostics_.error(
      "value-range", evaluated.scalar.span(),
      fmt::format("{} must be at {} {}{}; {}", what, below ? "least" : "most", below ? minimum : maximum, unit, found));
  return false;
}

std::optional<std::int64_t> MachineParameters::whole(const std::optional<Evaluated>& evaluated, const std::string& what,
                                                     std::int64_t minimum, std::int64_t maximum,
                                                     const std::string& unit) const {
  if (!evaluated || !in_range(*evaluated, what, minimum, maximum, unit)) return std::nullopt;
  if (evaluated->value != std::floor(evaluated->value)) {
    diagnostics_
        .error(
            "not-whole", evaluated->scalar.span(),
            fmt::format("{} must be a whole number; `{}` is {:.10g}", what, evaluated->scalar.text(), evaluated->value))
        .with_help("floor(…), ceil(…) and round(…) make it one");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(evaluated->value);
}

std::optional<std::int64_t> MachineParameters::read_count(const YamlNode& node, const std::string& what,
                                                          std::int64_t minimum, std::int64_t maximum) const {
  if (looks_like_expression(node)) return whole(evaluate(node), what, minimum, maximum, "");
  return unless_reported(diagnostics_,
                         [&] { return read_integer(node, what, diagnostics_, minimum, maximum, minimum); });
}

std::optional<Bytes> MachineParameters::read_bytes(const YamlNode& node, const std::string& what,
                                                   std::int64_t minimum) const {
  const auto measured = measure(
      node, what, "bytes", [&] { return static_cast<double>(einloom::read_bytes(node, what, diagnostics_).value()); });
  const auto bytes = whole(measured, what, minimum, kMaxAmount, " B");
  return bytes ? std::optional(Bytes(*bytes)) : std::nullopt;
}

std::optional<Cycles> MachineParameters::read_cycles(const YamlNode& node, const std::string& what,
                                                     std::int64_t minimum) const {
  const auto measured = measure(node, what, "cycles", [&] {
    return static_cast<double>(einloom::read_cycles(node, what, diagnostics_).value());
  });
  const auto cycles = whole(measured, what, minimum, kMaxAmount, " cycles");
  return cycles ? std::optional(Cycles(*cycles)) : std::nullopt;
}

std::optional<BytesPerSecond> MachineParameters::read_bandwidth(const YamlNode& node, const std::string& what,
                                                                std::int64_t minimum) const {
  const auto rate = measure(node, what, "bytes_per_second",
                            [&] { return einloom::read_bandwidth(node, what, diagnostics_).value(); });
  if (!rate || !in_range(*rate, what, minimum, kMaxAmount, " B/s")) return std::nullopt;
  return BytesPerSecond(rate->value);
}

std::optional<Hertz> MachineParameters::read_frequency(const YamlNode& node, const std::string& what,
                                                       std::int64_t minimum) const {
  const auto frequency =
      measure(node, what, "hertz", [&] { return einloom::read_frequency(node, what, diagnostics_).value(); });
  if (!frequency || !in_range(*frequency, what, minimum, kMaxAmount, " Hz")) return std::nullopt;
  return Hertz(frequency->value);
}

}  // namespace einloom
