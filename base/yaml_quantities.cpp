// SPDX-License-Identifier: Apache-2.0
// Numbers with a unit: `16 MiB`, `940 MHz`, `0.5 pJ`. The units of each quantity are in quantity_units; bytes and
// cycles are computed in integers, the others as number · multiply / divide in double (both factors exact, so one
// rounding).
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/decimal.hpp"
#include "base/quantity_units.hpp"
#include "base/suggest.hpp"
#include "base/yaml_wording.hpp"

namespace einloom {
namespace {

using wording::found, wording::named, wording::report_leading_zero, wording::report_range, wording::report_type;

struct QuantityKind {
  std::string_view expected;  // completes "must be …"
  std::string_view example;
  const std::vector<QuantityUnit>& units;
};

const QuantityKind kBytes{"a number of bytes", "16 MiB", byte_units().units};
const QuantityKind kBandwidth{"a bandwidth", "400 GiB/s", bandwidth_units().units};
const QuantityKind kCycles{"a number of cycles", "3 cycles", cycle_units().units};
const QuantityKind kFrequency{"a frequency", "940 MHz", frequency_units().units};
const QuantityKind kEnergy{"an energy", "0.5 pJ", energy_units().units};
const QuantityKind kArea{"an area", "1545 um^2", area_units().units};

std::string unit_list(const QuantityKind& kind) {
  std::string list;
  for (const QuantityUnit& unit : kind.units) list += (list.empty() ? "" : ", ") + unit.name;
  return list;
}

struct Measured {
  std::string_view number;
  const QuantityUnit* unit;
};

// Splits `16 MiB`; reports and gives nothing when it is not a number >= 0 with a unit of the kind.
std::optional<Measured> split(const YamlNode& node, const std::string& what, const QuantityKind& kind,
                              Diagnostics& diagnostics) {
  if (!node.defined()) return std::nullopt;
  const std::string_view text = node.text();
  const std::size_t length = decimal_prefix(text);
  const std::string example = fmt::format("write for example `{}`; units: {}", kind.example, unit_list(kind));
  if (length == 0) {
    report_type(node, what, kind.expected, diagnostics).with_help(example);
    return std::nullopt;
  }
  const std::string_view number = text.substr(0, length);
  if (has_leading_zero(number)) {
    report_leading_zero(node, what, diagnostics);
    return std::nullopt;
  }
  std::size_t unit_at = length;
  while (unit_at < text.size() && text[unit_at] == ' ') ++unit_at;
  std::string_view name = text.substr(unit_at);
  while (name.ends_with(' ') || name.ends_with('\n')) name.remove_suffix(1);
  if (name.empty()) {
    diagnostics
        .error("unit-missing", node.span(), fmt::format("{} must have a unit; found {}", named(what), found(node)))
        .with_help(example);
    return std::nullopt;
  }
  for (const QuantityUnit& unit : kind.units) {
    if (unit.name != name) continue;
    if (number.starts_with('-') && decimal_to_double(number) != 0.0) {
      report_range(node, what, "not be negative", diagnostics);
      return std::nullopt;
    }
    return Measured{number, &unit};
  }
  // Only a scalar of one plain line has its unit at a known column.
  const bool one_line = node.span().length == static_cast<int>(text.size());
  diagnostics
      .error("unit-unknown",
             one_line ? node.span().part(static_cast<int>(unit_at), static_cast<int>(name.size())) : node.span(),
             fmt::format("`{}` is not a unit of {}; it must be {}", name, named(what), kind.expected))
      .with_help(fmt::format("units: {}", unit_list(kind)));
  return std::nullopt;
}

std::int64_t read_integral(const YamlNode& node, const std::string& what, const QuantityKind& kind,
                           std::string_view whole, Diagnostics& diagnostics) {
  const auto measured = split(node, what, kind, diagnostics);
  if (!measured) return 0;
  const ScaledDecimal parsed = decimal_times(measured->number, measured->unit->multiply);
  if (parsed.outcome == ScaledDecimal::Outcome::fraction) {
    report_range(node, what, fmt::format("be a whole number of {}", whole), diagnostics);
  } else if (parsed.outcome == ScaledDecimal::Outcome::overflow) {
    report_range(node, what, fmt::format("be less than 2^63 {}", whole), diagnostics);
  }
  return parsed.value;
}

double read_real(const YamlNode& node, const std::string& what, const QuantityKind& kind, Diagnostics& diagnostics) {
  const auto measured = split(node, what, kind, diagnostics);
  if (!measured) return 0;
  const auto number = decimal_to_double(measured->number);
  if (number) {
    const double value =
        *number * static_cast<double>(measured->unit->multiply) / static_cast<double>(measured->unit->divide);
    if (std::isfinite(value)) return std::abs(value);  // `-0` is 0
  }
  report_range(node, what, "be within the range of a 64-bit float", diagnostics);
  return 0;
}

}  // namespace

Bytes read_bytes(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Bytes(read_integral(node, what, kBytes, "bytes", diagnostics));
}

Cycles read_cycles(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Cycles(read_integral(node, what, kCycles, "cycles", diagnostics));
}

Hertz read_frequency(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Hertz(read_real(node, what, kFrequency, diagnostics));
}

BytesPerSecond read_bandwidth(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return BytesPerSecond(read_real(node, what, kBandwidth, diagnostics));
}

Picojoules read_energy(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Picojoules(read_real(node, what, kEnergy, diagnostics));
}

SquareMicrometres read_area(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return SquareMicrometres(read_real(node, what, kArea, diagnostics));
}

}  // namespace einloom
