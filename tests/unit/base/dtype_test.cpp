// SPDX-License-Identifier: Apache-2.0
// Is every rounding the nearest value, ties to even? The oracle searches all values of the format.
#include "base/dtype.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

using namespace einloom;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The value of a 16-bit pattern with `fraction` fraction bits, from the definition of the format.
double decode(unsigned pattern, int fraction) {
  const int exponent_bits = 15 - fraction;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(pattern >> fraction) & ((1 << exponent_bits) - 1);
  const double mantissa = pattern & ((1u << fraction) - 1);
  return exponent == 0 ? std::ldexp(mantissa, 1 - bias - fraction)
                       : std::ldexp(mantissa + std::ldexp(1.0, fraction), exponent - bias - fraction);
}

// All finite values >= 0 of a format in order of their pattern; index parity is the parity of the last place.
struct Oracle {
  explicit Oracle(int fraction) {
    const unsigned finite = ((1u << (15 - fraction)) - 1) << fraction;
    for (unsigned pattern = 0; pattern < finite; ++pattern) values.push_back(decode(pattern, fraction));
    overflow = decode(finite, fraction);  // what the next value would be, if it were finite
  }
  // Differences of values this close are exact in long double (64-bit significand) or decided by the larger side.
  [[nodiscard]] double nearest(double value) const {
    if (std::isnan(value)) return value;
    const double magnitude = std::abs(value);
    const auto above = std::lower_bound(values.begin(), values.end(), magnitude);
    std::size_t index = static_cast<std::size_t>(above - values.begin());
    const double high = index == values.size() ? overflow : values[index];
    if (magnitude > overflow) return std::copysign(kInfinity, value);
    if (index > 0 && high != magnitude) {
      const double low = values[index - 1];
      const double middle = low + (high - low) / 2;  // exact: one more bit than the format
      if (magnitude < middle || (magnitude == middle && (index - 1) % 2 == 0)) --index;
    }
    return std::copysign(index == values.size() ? kInfinity : values[index], value);
  }
  std::vector<double> values;
  double overflow = 0;
};

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// Every value of the format, every tie between neighbours, both sides of every tie, random bit patterns.
std::vector<double> probes(const Oracle& oracle) {
  std::vector<double> out{0.0, kInfinity, kNan, 5e-324, 1e308, 1e-310};
  for (std::size_t i = 0; i < oracle.values.size(); ++i) {
    const double low = oracle.values[i];
    const double high = i + 1 == oracle.values.size() ? oracle.overflow : oracle.values[i + 1];
    const double tie = low + (high - low) / 2;
    for (const double probe : {low, tie, std::nextafter(tie, 0.0), std::nextafter(tie, kInfinity)})
      out.push_back(probe);
  }
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-150, 130);
  for (int i = 0; i < 200000; ++i) out.push_back(std::exp2(exponent(random)));
  for (int i = 0; i < 200000; ++i) out.push_back(std::abs(std::bit_cast<double>(random())));
  return out;
}

void check_format(Dtype dtype, int fraction) {
  const Oracle oracle(fraction);
  std::vector<double> values = probes(oracle);
  int wrong = 0;
  for (const double value : values) {
    for (const double signed_value : {value, -value}) {
      const double got = round_to(dtype, signed_value);
      if (same(got, oracle.nearest(signed_value))) continue;
      if (++wrong < 5) UNSCOPED_INFO(signed_value << " became " << got << ", nearest " << oracle.nearest(signed_value));
    }
  }
  CHECK(wrong == 0);

  std::vector<double> doubles = values;
  round_to(dtype, doubles.data(), doubles.size());
  std::vector<float> floats(values.begin(), values.end());
  const std::vector<float> inputs = floats;
  round_to(dtype, floats.data(), floats.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    wrong += same(doubles[i], oracle.nearest(values[i])) ? 0 : 1;
    wrong += same(floats[i], oracle.nearest(inputs[i])) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("bf16 is the nearest of all its values") { check_format(Dtype::bf16, 7); }
TEST_CASE("fp16 is the nearest of all its values") { check_format(Dtype::fp16, 10); }

TEST_CASE("bf16 does not round twice") {
  // Through float this value would first become the tie 1 + 2^-8 and then 1.
  CHECK(round_to(Dtype::bf16, 1 + 0x1p-8 + 0x1p-40) == 1 + 0x1p-7);
  CHECK(round_to(Dtype::fp16, 1 + 0x1p-11 + 0x1p-40) == 1 + 0x1p-10);
}

TEST_CASE("overflow and its threshold") {
  CHECK(round_to(Dtype::fp16, 65504) == 65504);
  CHECK(round_to(Dtype::fp16, std::nextafter(65520.0, 0.0)) == 65504);
  CHECK(round_to(Dtype::fp16, 65520) == kInfinity);
  CHECK(round_to(Dtype::bf16, -1e39) == -kInfinity);
  CHECK(round_to(Dtype::fp32, 1e39) == kInfinity);
  CHECK(std::isnan(round_to(Dtype::fp32, kNan)));
}

TEST_CASE("fp32 is the nearest float, fp64 is the value itself") {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> exponent(-152, 127);
  int wrong = 0;
  for (int i = 0; i < 200000; ++i) {
    const double value = std::exp2(exponent(random)) * (i % 2 == 0 ? 1 : -1);
    // Neighbouring floats around the value, found by stepping, then compared by distance.
    const float guess = static_cast<float>(value);
    float best = guess;
    for (const float other : {std::nextafter(guess, -INFINITY), std::nextafter(guess, INFINITY)}) {
      if (std::abs(static_cast<long double>(other) - value) < std::abs(static_cast<long double>(best) - value))
        best = other;
    }
    double in_place = value;
    round_to(Dtype::fp32, &in_place, 1);
    wrong += same(round_to(Dtype::fp32, value), best) && same(in_place, best) && round_to(Dtype::fp64, value) == value
                 ? 0
                 : 1;
  }
  CHECK(wrong == 0);
  CHECK(round_to(Dtype::fp32, 1 + 0x1p-24) == 1);                // tie to even
  CHECK(round_to(Dtype::fp32, 1 + 3 * 0x1p-24) == 1 + 0x1p-22);  // tie to even, upwards
  CHECK(round_to(Dtype::fp32, 0x1p-149) == 0x1p-149);            // smallest subnormal
}

TEST_CASE("int8 saturates, rounds half to even and maps NaN to 0") {
  for (int i = -1600; i <= 1600; ++i) {
    const double value = i / 8.0;
    double best = 0;
    double distance = kInfinity;
    for (int candidate = -128; candidate <= 127; ++candidate) {
      const double d = std::abs(candidate - value);
      if (d < distance || (d == distance && candidate % 2 == 0)) {
        best = candidate;
        distance = d;
      }
    }
    float single = static_cast<float>(value);
    round_to(Dtype::int8, &single, 1);
    INFO(value);
    CHECK(round_to(Dtype::int8, value) == best);
    CHECK(static_cast<double>(single) == best);
  }
  CHECK(round_to(Dtype::int8, kNan) == 0);
  CHECK(round_to(Dtype::int8, kInfinity) == 127);
  CHECK(round_to(Dtype::int8, -kInfinity) == -128);
  CHECK_FALSE(std::signbit(round_to(Dtype::int8, -0.25)));
}

TEST_CASE("names, sizes and unit roundoffs") {
  CHECK(dtype_names() == std::vector<std::string>{"fp64", "fp32", "bf16", "fp16", "int8", "int4", "int32"});
  for (const std::string& name : dtype_names()) CHECK(name_of(dtype_named(name).value()) == name);
  CHECK_FALSE(dtype_named("float").has_value());
  CHECK_FALSE(dtype_named("BF16").has_value());
  CHECK(size_of(Dtype::fp64) == Bytes(8));
  CHECK(size_of(Dtype::fp32) == Bytes(4));
  CHECK(size_of(Dtype::bf16) == Bytes(2));
  CHECK(size_of(Dtype::fp16) == Bytes(2));
  CHECK(size_of(Dtype::int8) == Bytes(1));
  // u is the largest step that still rounds away: 1 + u is a tie (to 1), the next double above it is not.
  for (const Dtype dtype : {Dtype::fp32, Dtype::bf16, Dtype::fp16}) {
    const double u = unit_roundoff(dtype);
    CHECK(round_to(dtype, 1 + u) == 1);
    CHECK(round_to(dtype, std::nextafter(1 + u, 2.0)) == 1 + 2 * u);
  }
  CHECK(unit_roundoff(Dtype::fp64) == std::numeric_limits<double>::epsilon() / 2);
  CHECK(unit_roundoff(Dtype::int8) == 0.5);
}
