// SPDX-License-Identifier: Apache-2.0
#include "experiments/quantity_text.hpp"

#include "base/quantity_units.hpp"
#include "experiments/setting.hpp"

namespace einloom {

std::optional<QuantityText> quantity_in(const std::string& text) {
  const std::size_t blank = text.find(' ');
  const std::optional<double> number = number_in(text.substr(0, blank));
  if (!number) return std::nullopt;
  if (blank == std::string::npos) return QuantityText{*number, "", "", 1};
  const std::string unit = text.substr(blank + 1);
  for (const QuantityUnits* quantity : all_quantity_units()) {
    for (const QuantityUnit& known : quantity->units) {
      if (known.name != unit) continue;
      const double scale = static_cast<double>(known.multiply) / static_cast<double>(known.divide);
      return QuantityText{*number, unit, quantity->base, scale};
    }
  }
  return std::nullopt;
}

std::string quantity_text(double number, const std::string& unit) {
  return number_text(number) + (unit.empty() ? "" : " ") + unit;
}

}  // namespace einloom
