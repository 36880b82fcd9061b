// SPDX-License-Identifier: Apache-2.0
// Decimal numbers in documents and expressions, read from their text: no octal, no hexadecimal, no `_`, no locale.
// Inside base/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace einloom {

// Length of the longest prefix of `text` that is [+-] digits [. digits] [e [+-] digits]; 0 when there is none.
[[nodiscard]] std::size_t decimal_prefix(std::string_view text);

// True for `010`, `-007.5`: other readers take them for octal, so they are refused. Not for `0`, `0.5`.
[[nodiscard]] bool has_leading_zero(std::string_view number);

// The nearest double of a text that decimal_prefix accepts whole; nullopt beyond the range of double.
[[nodiscard]] std::optional<double> decimal_to_double(std::string_view number);

// number · factor, computed exactly; 1 <= factor <= 2^50.
struct ScaledDecimal {
  enum class Outcome { exact, fraction, overflow };
  Outcome outcome = Outcome::exact;
  std::int64_t value = 0;  // when exact
};
[[nodiscard]] ScaledDecimal decimal_times(std::string_view number, std::int64_t factor);

}  // namespace einloom
