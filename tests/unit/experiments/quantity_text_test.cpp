// SPDX-License-Identifier: Apache-2.0
// Numbers with units, in the unit documents count in.
#include "experiments/quantity_text.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"

namespace einloom {

TEST_CASE("quantities are read with their unit") {
  CHECK(quantity_in("12")->value() == 12);
  CHECK(quantity_in("12")->unit.empty());
  CHECK(quantity_in("16 MiB")->value() == 16 << 20);
  CHECK(quantity_in("16 MiB")->base_unit == "B");
  CHECK(quantity_in("400 GiB/s")->base_unit == "B/s");
  CHECK(quantity_in("1.5 mm^2")->value() == 1.5e6);
  CHECK(quantity_in("1 cycle")->base_unit == "cycles");
  for (const char* text : {"dim", "16 MiBs", "3 Hz/s", "", "2 * 3", "16  MiB"}) CHECK_FALSE(quantity_in(text));
  CHECK(quantity_text(32, "MiB") == "32 MiB");
  CHECK(quantity_text(1.5, "") == "1.5");
}

TEST_CASE("units mean what they mean in documents") {
  const auto read = [](const std::string& text, const auto& reader) {
    Diagnostics diagnostics;
    const auto value = reader(parse_yaml(source_from_text("t", "v: " + text)).find("v"), "v", diagnostics).value();
    diagnostics.throw_if_any();
    return static_cast<double>(value);
  };
  for (const char* unit : {"B", "KiB", "MiB", "GiB", "TiB", "kB", "MB", "GB"}) {
    const std::string text = std::string("3 ") + unit;
    CHECK(quantity_in(text)->value() == read(text, read_bytes));
    CHECK(quantity_in(text + "/s")->value() == read(text + "/s", read_bandwidth));
  }
  for (const char* text : {"3 Hz", "3 kHz", "3 MHz", "3 GHz"}) {
    CHECK(quantity_in(text)->value() == read(text, read_frequency));
  }
  for (const char* text : {"3 fJ", "3 pJ", "3 nJ", "3 uJ", "3 J"}) {
    CHECK(quantity_in(text)->value() == Approx(read(text, read_energy)));
  }
  for (const char* text : {"3 um^2", "3 mm^2", "3 cm^2"}) CHECK(quantity_in(text)->value() == read(text, read_area));
  CHECK(quantity_in("3 cycles")->value() == read("3 cycles", read_cycles));
}

}  // namespace einloom
