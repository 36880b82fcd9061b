// SPDX-License-Identifier: Apache-2.0
// The numbers a machine document declares under `parameters`, and the fields that may be expressions over them.
// Contract: readers report (base's reader codes, value-range, not-whole, expression-*) and then return nullopt.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/units.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

// No count of a machine is larger; keeps products of two counts and a width inside 64 bits.
inline constexpr std::int64_t kMaxCount = std::int64_t{1} << 20;
// No number of bytes or cycles is larger.
inline constexpr std::int64_t kMaxAmount = std::int64_t{1} << 50;

class MachineParameters {
 public:
  // `node`: map name → number or expression over earlier names; undefined means none.
  MachineParameters(const YamlNode& node, Diagnostics& diagnostics);

  [[nodiscard]] const std::vector<std::pair<std::string, double>>& values() const { return values_; }

  // An integer, or an expression with a whole value, in [minimum, maximum]. `what` names the value in messages.
  [[nodiscard]] std::optional<std::int64_t> read_count(const YamlNode& node, const std::string& what,
                                                       std::int64_t minimum, std::int64_t maximum = kMaxCount) const;

  // A quantity with unit, or a map from the unit's name to an expression: {bytes: dim * 4096}, {cycles: …},
  // {bytes_per_second: …}, {hertz: …}. At least `minimum` of the unit.
  [[nodiscard]] std::optional<Bytes> read_bytes(const YamlNode& node, const std::string& what,
                                                std::int64_t minimum) const;
  [[nodiscard]] std::optional<Cycles> read_cycles(const YamlNode& node, const std::string& what,
                                                  std::int64_t minimum) const;
  [[nodiscard]] std::optional<BytesPerSecond> read_bandwidth(const YamlNode& node, const std::string& what,
                                                             std::int64_t minimum) const;
  [[nodiscard]] std::optional<Hertz> read_frequency(const YamlNode& node, const std::string& what,
                                                    std::int64_t minimum) const;

 private:
  // A value with the scalar it comes from.
  struct Evaluated {
    double value = 0;
    YamlNode scalar;
    bool is_expression = false;
  };
  // `help` is for errors that have none of their own.
  [[nodiscard]] std::optional<Evaluated> evaluate(const YamlNode& node, const std::string& help = {}) const;
  // `read` takes a quantity with unit; a map has an expression under its only key `unit_key`.
  [[nodiscard]] std::optional<Evaluated> measure(const YamlNode& node, const std::string& what,
                                                 const std::string& unit_key,
                                                 const std::function<double()>& read) const;
  [[nodiscard]] bool in_range(const Evaluated& evaluated, const std::string& what, std::int64_t minimum,
                              std::int64_t maximum, const std::string& unit) const;
  [[nodiscard]] std::optional<std::int64_t> whole(const std::optional<Evaluated>& evaluated, const std::string& what,
                                                  std::int64_t minimum, std::int64_t maximum,
                                                  const std::string& unit) const;

  Diagnostics& diagnostics_;
  std::vector<std::pair<std::string, double>> values_;  // NaN: reported as wrong, and so are not its uses
  std::vector<std::string> names_;
  bool readable_ = true;  // false: `parameters` is no map, so that no name can be called unknown
};

// [A-Za-z_][A-Za-z0-9_]*: what components and parameters may be called, so that expressions can name them.
[[nodiscard]] bool is_identifier(const std::string& text);

}  // namespace einloom
