// SPDX-License-Identifier: Apache-2.0
// Decimal numbers from their text; integral values are scaled in integers, so `1.1 kB` is 1100 and `0.3 B` is refused.
#include "base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

namespace einloom {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

std::size_t sign_length(std::string_view text) { return !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0; }

}  // namespace

std::size_t decimal_prefix(std::string_view text) {
  const std::size_t start = sign_length(text);
  std::size_t at = skip_digits(text, start);
  std::size_t digits = at - start;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    digits += end - (at + 1);
    at = end;
  }
  if (digits == 0) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t exponent = at + 1 + sign_length(text.substr(at + 1));
    const std::size_t end = skip_digits(text, exponent);
    if (end > exponent) at = end;
  }
  return at;
}

bool has_leading_zero(std::string_view number) {
  number.remove_prefix(sign_length(number));
  return number.size() >= 2 && number[0] == '0' && is_digit(number[1]);
}

std::optional<double> decimal_to_double(std::string_view number) {
  if (number.starts_with('+')) number.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (problem != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

ScaledDecimal decimal_times(std::string_view number, std::int64_t factor) {
  __extension__ using Wide = __int128;
  const ScaledDecimal kOverflow{ScaledDecimal::Outcome::overflow, 0};
  const bool negative = number.starts_with('-');
  number.remove_prefix(sign_length(number));
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  std::string digits(number.substr(0, exponent_at));
  std::int64_t exponent = 0;
  if (exponent_at < number.size()) {
    std::string_view text = number.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    // A saturated exponent still gives overflow or a fraction below.
    if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec != std::errc()) {
      exponent = text.starts_with('-') ? -1'000'000'000 : 1'000'000'000;
    }
  }
  if (const auto point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<std::int64_t>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return {ScaledDecimal::Outcome::exact, 0};
  if (digits.size() > 20) return exponent < 0 ? ScaledDecimal{ScaledDecimal::Outcome::fraction, 0} : kOverflow;

  Wide value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  value *= factor;  // < 10^20 · 2^50 < 2^127
  const Wide limit = std::numeric_limits<std::int64_t>::max();
  for (; exponent < 0; ++exponent) {
    if (value % 10 != 0) return {ScaledDecimal::Outcome::fraction, 0};
    value /= 10;
  }
  for (; exponent > 0; --exponent) {
    if (value > limit) return kOverflow;
    value *= 10;
  }
  if (value > limit) return kOverflow;
  return {ScaledDecimal::Outcome::exact, static_cast<std::int64_t>(negative ? -value : value)};
}

}  // namespace einloom
