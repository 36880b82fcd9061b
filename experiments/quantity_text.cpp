// SPDX-License-Identifier: Apache-2.0
#include "experiments/quantity_text.hpp"

#include "experiments/setting.hpp"

namespace einloom {

namespace {

struct Unit {
  const char* text;
  double scale;
  const char* base;
};
constexpr double kKi = 1024;
constexpr Unit kUnits[] = {
    {"B", 1, "B"},
    {"KiB", kKi, "B"},
    {"MiB", kKi* kKi, "B"},
    {"GiB", kKi* kKi* kKi, "B"},
    {"TiB", kKi* kKi* kKi* kKi, "B"},
    {"kB", 1e3, "B"},
    {"MB", 1e6, "B"},
    {"GB", 1e9, "B"},
    {"cycle", 1, "cycles"},
    {"cycles", 1, "cycles"},
    {"Hz", 1, "Hz"},
    {"kHz", 1e3, "Hz"},
    {"MHz", 1e6, "Hz"},
    {"GHz", 1e9, "Hz"},
    {"fJ", 1e-3, "pJ"},
    {"pJ", 1, "pJ"},
    {"nJ", 1e3, "pJ"},
    {"uJ", 1e6, "pJ"},
    {"J", 1e12, "pJ"},
    {"um^2", 1, "um^2"},
    {"mm^2", 1e6, "um^2"},
    {"cm^2", 1e8, "um^2"},
};

const std::string kPerSecond = "/s";

}  // namespace

std::optional<QuantityText> quantity_in(const std::string& text) {
  const std::size_t blank = text.find(' ');
  const std::optional<double> number = number_in(text.substr(0, blank));
  if (!number) return std::nullopt;
  if (blank == std::string::npos) return QuantityText{*number, "", "", 1};
  const std::string unit = text.substr(blank + 1);
  const bool bandwidth = unit.ends_with(kPerSecond);
  const std::string plain = bandwidth ? unit.substr(0, unit.size() - kPerSecond.size()) : unit;
  for (const Unit& known : kUnits) {
    if (plain != known.text || (bandwidth && std::string(known.base) != "B")) continue;
    return QuantityText{*number, unit, known.base + (bandwidth ? kPerSecond : ""), known.scale};
  }
  return std::nullopt;
}

std::string quantity_text(double number, const std::string& unit) {
  return number_text(number) + (unit.empty() ? "" : " ") + unit;
}

}  // namespace einloom
