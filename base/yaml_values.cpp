// SPDX-License-Identifier: Apache-2.0
// From nodes to plain values: the keys of a map, strings, integers, numbers, booleans and lists of names.
// What is wrong is reported and replaced by a fallback, so that reading goes on.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/decimal.hpp"
#include "base/suggest.hpp"
#include "base/utf8.hpp"
#include "base/yaml_wording.hpp"

namespace einloom {

namespace wording {

std::string found(const YamlNode& node) {
  constexpr int kLongestShown = 60;
  switch (node.kind()) {
    case YamlKind::null:
      return "nothing";
    case YamlKind::sequence:
      return "a list";
    case YamlKind::map:
      return "a map";
    case YamlKind::scalar:
      break;
  }
  const std::string& text = node.text();
  const std::string_view first_line = std::string_view(text).substr(0, text.find('\n'));
  const std::string_view shown = code_point_prefix(first_line, kLongestShown);
  return fmt::format("`{}{}`", shown, shown.size() < text.size() ? "…" : "");
}

std::string named(const std::string& what) {
  return what.find_first_of("` ") == std::string::npos ? fmt::format("`{}`", what) : what;
}

Diagnostic& report_type(const YamlNode& node, const std::string& what, std::string_view expected,
                        Diagnostics& diagnostics) {
  return diagnostics.error("yaml-type", node.span(),
                           fmt::format("{} must be {}; found {}", named(what), expected, found(node)));
}

Diagnostic& report_range(const YamlNode& node, const std::string& what, std::string_view rule,
                         Diagnostics& diagnostics) {
  return diagnostics.error("value-range", node.span(),
                           fmt::format("{} must {}; found {}", named(what), rule, found(node)));
}

void report_leading_zero(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  report_type(node, what, "a decimal number without leading zeros", diagnostics)
      .with_help("other readers take a leading zero for octal: `010` would be 8; write `10`");
}

}  // namespace wording

using wording::found, wording::named, wording::report_leading_zero, wording::report_range, wording::report_type;

YamlMap::YamlMap(YamlNode node, std::string what, Diagnostics& diagnostics)
    : node_(std::move(node)), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!node_.defined() || node_.is_map()) return;
  diagnostics_.error("yaml-type", node_.span(), fmt::format("{} must be a map; found {}", what_, found(node_)));
}

YamlNode YamlMap::optional(const std::string& key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
  return node_.find(key);
}

YamlNode YamlMap::require(const std::string& key) {
  YamlNode value = optional(key);
  if (!value.defined() && node_.is_map()) {
    diagnostics_.error("missing-key", node_.span(), fmt::format("{} has no `{}`; it is required", what_, key));
  }
  return value;
}

void YamlMap::finish() {
  for (const YamlEntry& entry : node_.entries()) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    diagnostics_.error("unknown-key", entry.key_span, fmt::format("{} has no key `{}`", what_, entry.key))
        .with_help(suggestion(entry.key, asked_));
  }
}

std::string read_string(const YamlNode& node, const std::string& what, Diagnostics& diagnostics, std::string fallback) {
  if (!node.defined()) return fallback;
  if (node.is_scalar()) return node.text();
  report_type(node, what, "a text", diagnostics);
  return fallback;
}

std::int64_t read_integer(const YamlNode& node, const std::string& what, Diagnostics& diagnostics, std::int64_t minimum,
                          std::int64_t maximum, std::int64_t fallback) {
  if (!node.defined()) return fallback;
  std::string_view digits = node.text();
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    report_type(node, what, "an integer", diagnostics);
    return fallback;
  }
  if (has_leading_zero(digits)) {
    report_leading_zero(node, what, diagnostics);
    return fallback;
  }
  const ScaledDecimal parsed = decimal_times(node.text(), 1);
  if (parsed.outcome == ScaledDecimal::Outcome::exact && parsed.value >= minimum && parsed.value <= maximum)
    return parsed.value;

  using Limits = std::numeric_limits<std::int64_t>;
  std::string rule = fmt::format("be between {} and {}", minimum, maximum);
  if (maximum == Limits::max() && parsed.outcome == ScaledDecimal::Outcome::exact)
    rule = fmt::format("be at least {}", minimum);
  if (minimum == Limits::min() && parsed.outcome == ScaledDecimal::Outcome::exact)
    rule = fmt::format("be at most {}", maximum);
  report_range(node, what, rule, diagnostics);
  return fallback;
}

double read_number(const YamlNode& node, const std::string& what, Diagnostics& diagnostics, double fallback) {
  if (!node.defined()) return fallback;
  const std::string& text = node.text();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "inf" || text == "+inf" || text == ".inf" || text == "+.inf") return kInfinity;
  if (text == "-inf" || text == "-.inf") return -kInfinity;
  if (text.empty() || decimal_prefix(text) != text.size()) {
    report_type(node, what, "a number", diagnostics);
    return fallback;
  }
  if (has_leading_zero(text)) {
    report_leading_zero(node, what, diagnostics);
    return fallback;
  }
  if (const auto value = decimal_to_double(text)) return *value;
  report_range(node, what, "be within the range of a 64-bit float", diagnostics);
  return fallback;
}

bool read_bool(const YamlNode& node, const std::string& what, Diagnostics& diagnostics, bool fallback) {
  if (!node.defined()) return fallback;
  if (node.is_scalar() && node.text() == "true") return true;
  if (node.is_scalar() && node.text() == "false") return false;
  report_type(node, what, "`true` or `false`", diagnostics);
  return fallback;
}

std::vector<std::string> read_names(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (!node.defined()) return {};
  if (node.is_scalar()) return {node.text()};
  if (!node.is_sequence()) {
    report_type(node, what, "a name or a list of names", diagnostics);
    return {};
  }
  std::vector<std::string> names;
  for (const YamlNode& item : node.items()) {
    if (item.is_scalar()) {
      names.push_back(item.text());
    } else {
      report_type(item, "each item of " + named(what), "a name", diagnostics);
    }
  }
  return names;
}

}  // namespace einloom
