// SPDX-License-Identifier: Apache-2.0
#include "base/quantity_units.hpp"

namespace einloom {

const QuantityUnits& byte_units() {
  static const QuantityUnits kUnits{"B",
                                    {{"B"},
                                     {"KiB", std::int64_t{1} << 10},
                                     {"MiB", std::int64_t{1} << 20},
                                     {"GiB", std::int64_t{1} << 30},
                                     {"TiB", std::int64_t{1} << 40},
                                     {"kB", 1'000},
                                     {"MB", 1'000'000},
                                     {"GB", 1'000'000'000}}};
  return kUnits;
}

const QuantityUnits& bandwidth_units() {
  static const QuantityUnits kUnits = [] {
    QuantityUnits units{"B/s", byte_units().units};
    for (QuantityUnit& unit : units.units) unit.name += "/s";
    return units;
  }();
  return kUnits;
}

const QuantityUnits& cycle_units() {
  static const QuantityUnits kUnits{"cycles", {{"cycles"}, {"cycle"}}};
  return kUnits;
}

const QuantityUnits& frequency_units() {
  static const QuantityUnits kUnits{"Hz", {{"Hz"}, {"kHz", 1'000}, {"MHz", 1'000'000}, {"GHz", 1'000'000'000}}};
  return kUnits;
}

const QuantityUnits& energy_units() {
  static const QuantityUnits kUnits{
      "pJ", {{"fJ", 1, 1'000}, {"pJ"}, {"nJ", 1'000}, {"uJ", 1'000'000}, {"J", 1'000'000'000'000}}};
  return kUnits;
}

const QuantityUnits& area_units() {
  static const QuantityUnits kUnits{"um^2", {{"um^2"}, {"mm^2", 1'000'000}, {"cm^2", 100'000'000}}};
  return kUnits;
}

const std::vector<const QuantityUnits*>& all_quantity_units() {
  static const std::vector<const QuantityUnits*> kAll = {&byte_units(),      &bandwidth_units(), &cycle_units(),
                                                         &frequency_units(), &energy_units(),    &area_units()};
  return kAll;
}

}  // namespace einloom
