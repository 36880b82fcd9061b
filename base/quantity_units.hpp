// SPDX-License-Identifier: Apache-2.0
// The units that documents know, a list for each quantity, in the order in which errors name them.
// Contract: a number in a unit is number · multiply / divide of the base unit; both factors are exact in double.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace einloom {

struct QuantityUnit {
  std::string name;
  std::int64_t multiply = 1;
  std::int64_t divide = 1;
};

struct QuantityUnits {
  std::string base;  // what documents count in: B, B/s, cycles, Hz, pJ, um^2
  std::vector<QuantityUnit> units;
};

[[nodiscard]] const QuantityUnits& byte_units();
[[nodiscard]] const QuantityUnits& bandwidth_units();
[[nodiscard]] const QuantityUnits& cycle_units();
[[nodiscard]] const QuantityUnits& frequency_units();
[[nodiscard]] const QuantityUnits& energy_units();
[[nodiscard]] const QuantityUnits& area_units();

// All of the above. No unit has two meanings.
[[nodiscard]] const std::vector<const QuantityUnits*>& all_quantity_units();

}  // namespace einloom
