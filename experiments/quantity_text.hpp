// SPDX-License-Identifier: Apache-2.0
// Numbers with units as documents write them (`16 MiB`), for places that are computed without reading the document.
// Contract: only the units that documents know; the value is in the unit that documents count in (B, cycles, Hz, …).
#pragma once

#include <optional>
#include <string>

namespace einloom {

struct QuantityText {
  double number = 0;      // as written
  std::string unit;       // as written; "" for a plain number
  std::string base_unit;  // B for MiB; "" for a plain number
  double scale = 1;       // base units per unit

  [[nodiscard]] double value() const { return number * scale; }
};

// nullopt when the text is no number, with or without a unit.
[[nodiscard]] std::optional<QuantityText> quantity_in(const std::string& text);

// `number` with its unit.
[[nodiscard]] std::string quantity_text(double number, const std::string& unit);

}  // namespace einloom
