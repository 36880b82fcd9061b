// SPDX-License-Identifier: Apache-2.0
// Do the value readers accept exactly what the header says, and report the rest without stopping?
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/yaml_reader.hpp"
#include "unit/base/thrown.hpp"

using namespace einloom;
using einloom::test::collected;

namespace {

constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();

YamlNode parse(const std::string& text) { return parse_yaml(source_from_text("d.yaml", text)); }

// The value of `v: <text>`, read by `read(node, "v", diagnostics)`; the errors, or "" when there are none.
template <class Read>
std::string errors(const std::string& text, Read read) {
  Diagnostics diagnostics;
  (void)read(parse("v: " + text).find("v"), "v", diagnostics);
  return collected(diagnostics);
}
template <class Read>
auto value(const std::string& text, Read read) {
  Diagnostics diagnostics;
  const auto got = read(parse("v: " + text).find("v"), "v", diagnostics);
  INFO(text);
  CHECK(collected(diagnostics).empty());
  return got;
}

// A one-line error at the scalar `text` of `v: text`.
std::string at_value(const std::string& text, const std::string& code, const std::string& message) {
  return "d.yaml:1:4: error[" + code + "]: " + message + "\n 1 | v: " + text + "\n   |    " +
         std::string(text.size(), '^') + "\n";
}

const auto any_integer = [](const YamlNode& n, const std::string& w, Diagnostics& d) {
  return read_integer(n, w, d, kLow, kHigh, -1);
};
const auto small_integer = [](const YamlNode& n, const std::string& w, Diagnostics& d) {
  return read_integer(n, w, d, 1, 1024, 7);
};
const auto number = [](const YamlNode& n, const std::string& w, Diagnostics& d) { return read_number(n, w, d, -1); };
const auto boolean = [](const YamlNode& n, const std::string& w, Diagnostics& d) { return read_bool(n, w, d, false); };
const auto string = [](const YamlNode& n, const std::string& w, Diagnostics& d) { return read_string(n, w, d, "f"); };

}  // namespace

TEST_CASE("YamlMap: required, optional and unknown keys, all reported at once") {
  const YamlNode root = parse("rows: 1\nclok: 2\nextra: 3\n");
  Diagnostics diagnostics;
  YamlMap map(root, "machine", diagnostics);
  CHECK(map.require("rows").text() == "1");
  CHECK_FALSE(map.require("clock").defined());
  CHECK_FALSE(map.optional("columns").defined());
  CHECK(map.span().line == 1);
  map.finish();
  CHECK(collected(diagnostics) ==
        "d.yaml:1:1: error[missing-key]: machine has no `clock`; it is required\n"
        " 1 | rows: 1\n"
        "   | ^\n"
        "d.yaml:2:1: error[unknown-key]: machine has no key `clok`\n"
        " 2 | clok: 2\n"
        "   | ^^^^\n"
        "help: did you mean `clock`?\n"
        "d.yaml:3:1: error[unknown-key]: machine has no key `extra`\n"
        " 3 | extra: 3\n"
        "   | ^^^^^\n"
        "help: known: rows, clock, columns\n");
}

TEST_CASE("YamlMap of something else reports once; of an undefined node never") {
  Diagnostics diagnostics;
  YamlMap map(parse("[1]"), "component `array2d`", diagnostics);
  CHECK_FALSE(map.require("rows").defined());
  map.finish();
  CHECK(collected(diagnostics) ==
        "d.yaml:1:1: error[yaml-type]: component `array2d` must be a map; found a list\n 1 | [1]\n   | ^\n");
  Diagnostics silent;
  YamlMap absent(YamlNode(), "machine", silent);
  CHECK_FALSE(absent.require("rows").defined());
  absent.finish();
  CHECK(silent.empty());
}

TEST_CASE("every reader is silent about an undefined node and returns its fallback") {
  Diagnostics d;
  const YamlNode none;
  CHECK(read_string(none, "v", d, "f") == "f");
  CHECK(read_integer(none, "v", d, 0, 1, 5) == 5);
  CHECK(read_number(none, "v", d, 2.5) == 2.5);
  CHECK(read_bool(none, "v", d, true));
  CHECK(read_names(none, "v", d).empty());
  CHECK(read_bytes(none, "v", d) == Bytes(0));
  CHECK(read_frequency(none, "v", d) == Hertz(0));
  CHECK(d.empty());
}

TEST_CASE("integers are decimal digits with an optional sign") {
  CHECK(value("0", any_integer) == 0);
  CHECK(value("-0", any_integer) == 0);
  CHECK(value("+12", any_integer) == 12);
  CHECK(value("-12", any_integer) == -12);
  CHECK(value("\"128\"", any_integer) == 128);
  CHECK(value("9223372036854775807", any_integer) == kHigh);
  CHECK(value("1", small_integer) == 1);
  CHECK(value("1024", small_integer) == 1024);
  for (const std::string text : {"x", "1e3", "1.0", "1_000", "0x10", "1 2", "+", "--1", "12 cycles"}) {
    CHECK(errors(text, any_integer) == at_value(text, "yaml-type", "`v` must be an integer; found `" + text + "`"));
  }
  CHECK(errors("[1]", any_integer) ==
        "d.yaml:1:4: error[yaml-type]: `v` must be an integer; found a list\n 1 | v: [1]\n   |    ^\n");
  CHECK(errors("", any_integer) ==
        "d.yaml:1:1: error[yaml-type]: `v` must be an integer; found nothing\n 1 | v: \n   | ^\n");
}

TEST_CASE("a leading zero is refused, because others read it as octal") {
  const std::string help = "help: other readers take a leading zero for octal: `010` would be 8; write `10`\n";
  for (const std::string text : {"010", "-007", "00"}) {
    const std::string message = "`v` must be a decimal number without leading zeros; found `" + text + "`";
    CHECK(errors(text, any_integer) == at_value(text, "yaml-type", message) + help);
    CHECK(errors(text, number) == at_value(text, "yaml-type", message) + help);
  }
  CHECK(errors("010 MiB", read_bytes) ==
        at_value("010 MiB", "yaml-type", "`v` must be a decimal number without leading zeros; found `010 MiB`") + help);
}

TEST_CASE("integers outside the range name the range") {
  const auto from_one = [](const YamlNode& n, const std::string& w, Diagnostics& d) {
    return read_integer(n, w, d, 1, kHigh, 0);
  };
  const auto to_nine = [](const YamlNode& n, const std::string& w, Diagnostics& d) {
    return read_integer(n, w, d, kLow, 9, 0);
  };
  CHECK(errors("0", small_integer) == at_value("0", "value-range", "`v` must be between 1 and 1024; found `0`"));
  CHECK(errors("1025", small_integer) ==
        at_value("1025", "value-range", "`v` must be between 1 and 1024; found `1025`"));
  CHECK(errors("0", from_one) == at_value("0", "value-range", "`v` must be at least 1; found `0`"));
  CHECK(errors("10", to_nine) == at_value("10", "value-range", "`v` must be at most 9; found `10`"));
  CHECK(errors("9223372036854775808", from_one) ==
        at_value("9223372036854775808", "value-range",
                 "`v` must be between 1 and 9223372036854775807; found `9223372036854775808`"));
  CHECK(errors(std::string(400, '9'), small_integer).find("error[value-range]") != std::string::npos);
}

TEST_CASE("numbers: decimal, exponent, infinity") {
  CHECK(value("1e3", number) == 1000);
  CHECK(value("-2.5E-1", number) == -0.25);
  CHECK(value(".5", number) == 0.5);
  CHECK(value("0.1", number) == 0.1);
  CHECK(value("+7.", number) == 7);
  CHECK(value("inf", number) == INFINITY);
  CHECK(value("-inf", number) == -INFINITY);
  CHECK(value("-.inf", number) == -INFINITY);
  for (const std::string text : {"nan", ".nan", "x", "0x10", "1e", "1 000", "infinity", "."}) {
    CHECK(errors(text, number) == at_value(text, "yaml-type", "`v` must be a number; found `" + text + "`"));
  }
  CHECK(errors("1e999", number) ==
        at_value("1e999", "value-range", "`v` must be within the range of a 64-bit float; found `1e999`"));
}

TEST_CASE("booleans, strings and names") {
  CHECK(value("true", boolean));
  CHECK_FALSE(value("false", boolean));
  CHECK(errors("yes", boolean) == at_value("yes", "yaml-type", "`v` must be `true` or `false`; found `yes`"));
  CHECK(value("some text", string) == "some text");
  CHECK(value("''", string).empty());
  CHECK(errors("{a: 1}", string) ==
        "d.yaml:1:4: error[yaml-type]: `v` must be a text; found a map\n 1 | v: {a: 1}\n   |    ^\n");
  CHECK(value("[b, h, m1]", read_names) == std::vector<std::string>{"b", "h", "m1"});
  CHECK(value("b", read_names) == std::vector<std::string>{"b"});
  CHECK(value("[]", read_names).empty());
  CHECK(errors("{a: 1}", read_names) ==
        "d.yaml:1:4: error[yaml-type]: `v` must be a name or a list of names; found a map\n"
        " 1 | v: {a: 1}\n   |    ^\n");
  CHECK(errors("[a, [b]]", read_names) ==
        "d.yaml:1:8: error[yaml-type]: each item of `v` must be a name; found a list\n"
        " 1 | v: [a, [b]]\n   |        ^\n");
}

TEST_CASE("a phrase that names a value stays as it is; a long value is cut") {
  Diagnostics diagnostics;
  (void)read_bool(parse("v: " + std::string(80, 'x')).find("v"), "flag of `dram`", diagnostics, false);
  CHECK(collected(diagnostics)
            .starts_with("d.yaml:1:4: error[yaml-type]: flag of `dram` must be `true` or `false`; found `" +
                         std::string(60, 'x') + "…`\n"));
}

TEST_CASE("bytes: every unit, exactly") {
  const std::vector<std::pair<std::string, std::int64_t>> units{
      {"B", 1},           {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024LL * 1024 * 1024},
      {"TiB", 1LL << 40}, {"kB", 1000},  {"MB", 1000 * 1000},  {"GB", 1000LL * 1000 * 1000}};
  for (const auto& [unit, factor] : units) {
    CHECK(value("3 " + unit, read_bytes) == Bytes(3 * factor));
    CHECK(value("5" + unit, read_bytes) == Bytes(5 * factor));
  }
  CHECK(value("0 B", read_bytes) == Bytes(0));
  CHECK(value("1.1 kB", read_bytes) == Bytes(1100));  // 1.1 * 1000 in double is 1100.0000000000002
  CHECK(value("0.5 KiB", read_bytes) == Bytes(512));
  CHECK(value("2e3   B", read_bytes) == Bytes(2000));
  CHECK(value("9223372036854775807 B", read_bytes) == Bytes(kHigh));
  CHECK(value("8388607 TiB", read_bytes) == Bytes(8388607LL << 40));
}

TEST_CASE("bytes: what is refused") {
  const std::string units = "B, KiB, MiB, GiB, TiB, kB, MB, GB";
  const std::string help = "help: write for example `16 MiB`; units: " + units + "\n";
  CHECK(errors("16", read_bytes) == at_value("16", "unit-missing", "`v` must have a unit; found `16`") + help);
  CHECK(errors("big", read_bytes) == at_value("big", "yaml-type", "`v` must be a number of bytes; found `big`") + help);
  CHECK(errors("16 Mib", read_bytes) ==
        "d.yaml:1:7: error[unit-unknown]: `Mib` is not a unit of `v`; it must be a number of bytes\n"
        " 1 | v: 16 Mib\n   |       ^^^\n"
        "help: units: " +
            units + "\n");
  CHECK(errors("-1 B", read_bytes) == at_value("-1 B", "value-range", "`v` must not be negative; found `-1 B`"));
  CHECK(errors("0.3 KiB", read_bytes) ==
        at_value("0.3 KiB", "value-range", "`v` must be a whole number of bytes; found `0.3 KiB`"));
  CHECK(errors("1e-400 B", read_bytes) ==
        at_value("1e-400 B", "value-range", "`v` must be a whole number of bytes; found `1e-400 B`"));
  for (const std::string text : {"9223372036854775808 B", "8388608 TiB", "1e30 B", "1e999999999999 B"}) {
    CHECK(errors(text, read_bytes) ==
          at_value(text, "value-range", "`v` must be less than 2^63 bytes; found `" + text + "`"));
  }
  CHECK(errors("[16 MiB]", read_bytes) ==
        "d.yaml:1:4: error[yaml-type]: `v` must be a number of bytes; found a list\n"
        " 1 | v: [16 MiB]\n   |    ^\n" +
            help);
}

TEST_CASE("cycles, frequency, bandwidth, energy, area") {
  CHECK(value("3 cycles", read_cycles) == Cycles(3));
  CHECK(value("1 cycle", read_cycles) == Cycles(1));
  CHECK(value("940 MHz", read_frequency).value() == 940e6);
  CHECK(value("1.5 GHz", read_frequency).value() == 1.5e9);
  CHECK(value("32 kHz", read_frequency).value() == 32e3);
  CHECK(value("7 Hz", read_frequency).value() == 7);
  CHECK(value("400 GiB/s", read_bandwidth).value() == 400.0 * 1024 * 1024 * 1024);
  CHECK(value("0.5 GB/s", read_bandwidth).value() == 5e8);
  CHECK(value("0.5 pJ", read_energy).value() == 0.5);
  CHECK(value("3 fJ", read_energy).value() == 0.003);
  CHECK(value("2 nJ", read_energy).value() == 2e3);
  CHECK(value("2 uJ", read_energy).value() == 2e6);
  CHECK(value("2 J", read_energy).value() == 2e12);
  CHECK(value("1545 um^2", read_area).value() == 1545);
  CHECK(value("84.2 mm^2", read_area).value() == Approx(84.2e6).epsilon(1e-15));
  CHECK(value("1 cm^2", read_area).value() == 1e8);
  CHECK_FALSE(std::signbit(value("-0 pJ", read_energy).value()));
}

TEST_CASE("each quantity refuses a bare number with its own example") {
  CHECK(errors("3", read_cycles) == at_value("3", "unit-missing", "`v` must have a unit; found `3`") +
                                        "help: write for example `3 cycles`; units: cycles, cycle\n");
  CHECK(errors("3", read_frequency) == at_value("3", "unit-missing", "`v` must have a unit; found `3`") +
                                           "help: write for example `940 MHz`; units: Hz, kHz, MHz, GHz\n");
  CHECK(errors("3", read_bandwidth) ==
        at_value("3", "unit-missing", "`v` must have a unit; found `3`") +
            "help: write for example `400 GiB/s`; units: B/s, KiB/s, MiB/s, GiB/s, TiB/s, kB/s, MB/s, GB/s\n");
  CHECK(errors("3", read_energy) == at_value("3", "unit-missing", "`v` must have a unit; found `3`") +
                                        "help: write for example `0.5 pJ`; units: fJ, pJ, nJ, uJ, J\n");
  CHECK(errors("3", read_area) == at_value("3", "unit-missing", "`v` must have a unit; found `3`") +
                                      "help: write for example `1545 um^2`; units: um^2, mm^2, cm^2\n");
  CHECK(errors("0.5 cycles", read_cycles) ==
        at_value("0.5 cycles", "value-range", "`v` must be a whole number of cycles; found `0.5 cycles`"));
  CHECK(errors("1e308 GHz", read_frequency) ==
        at_value("1e308 GHz", "value-range", "`v` must be within the range of a 64-bit float; found `1e308 GHz`"));
  CHECK(errors("inf Hz", read_frequency).find("error[yaml-type]: `v` must be a frequency; found `inf Hz`") !=
        std::string::npos);
}
