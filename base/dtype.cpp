// SPDX-License-Identifier: Apache-2.0
// Rounding to the element formats, each in one step from float or double: on the bits for normal results, by adding
// and subtracting a power of two (whose last place is the format's smallest step) for subnormal ones.
#include "base/dtype.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

constexpr std::array<std::string_view, 7> kNames{"fp64", "fp32", "bf16", "fp16", "int8", "int4", "int32"};

// A binary format: explicit fraction bits and exponent of its smallest normal value.
struct Format {
  int fraction_bits;
  int min_exponent;
  int max_exponent;
};
constexpr Format kBf16{7, -126, 127};
constexpr Format kFp16{10, -14, 15};

constexpr double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52);  // -1022 <= exponent <= 1023
}

// `condition ? yes : no` as arithmetic; a branch would keep the loops below from vectorising.
template <class Bits>
Bits choose(bool condition, Bits yes, Bits no) {
  const Bits mask = Bits{0} - static_cast<Bits>(condition);
  return (yes & mask) | (no & ~mask);
}

// Real is float or double and at least as wide as the format.
template <Format format, class Real>
Real round_binary(Real value) {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;  // magnitudes are never negative
  constexpr int kRealFraction = std::numeric_limits<Real>::digits - 1;
  constexpr int kDropped = kRealFraction - format.fraction_bits;
  const Bits bits = std::bit_cast<Bits>(value);
  const Bits magnitude = bits & std::numeric_limits<Bits>::max();
  const Bits sign = bits ^ magnitude;

  // Normal: add half of the last kept place, a little less when it is even; a carry moves into the exponent.
  constexpr Bits kHalfLessOne = (Bits{1} << (kDropped - 1)) - 1;
  const Bits odd = (magnitude >> kDropped) & 1;
  using Unsigned = std::make_unsigned_t<Bits>;  // NaN may carry into the sign; it is not used then
  const Unsigned carried = static_cast<Unsigned>(magnitude) + kHalfLessOne + static_cast<Unsigned>(odd);
  const Bits normal = static_cast<Bits>(carried) & ~((Bits{1} << kDropped) - 1);

  // Subnormal: `step_holder` has last place 2^(min_exponent - fraction_bits), the format's smallest step.
  const Real step_holder = static_cast<Real>(power_of_two(format.min_exponent - format.fraction_bits + kRealFraction));
  const Bits subnormal = std::bit_cast<Bits>((std::bit_cast<Real>(magnitude) + step_holder) - step_holder);

  const Bits min_normal = std::bit_cast<Bits>(static_cast<Real>(power_of_two(format.min_exponent)));
  const Bits infinity = std::bit_cast<Bits>(std::numeric_limits<Real>::infinity());
  const Bits largest = std::bit_cast<Bits>(static_cast<Real>(power_of_two(format.max_exponent))) |
                       (((Bits{1} << format.fraction_bits) - 1) << kDropped);
  const Bits rounded = choose<Bits>(magnitude < min_normal, subnormal, normal);
  const Bits bounded = choose<Bits>(rounded > largest, infinity, rounded);
  return std::bit_cast<Real>(choose<Bits>(magnitude > infinity, magnitude, bounded) | sign);  // NaN as it came
}

template <int bits, class Real>
Real round_integer(Real value) {
  // In float the largest int32 is not a value; the next smaller one is taken.
  constexpr Real kLow = -Real(std::int64_t{1} << (bits - 1));
  constexpr Real kHigh =
      bits > std::numeric_limits<Real>::digits ? -kLow - Real(std::int64_t{1} << (bits - 25)) : -kLow - Real{1};
  const Real whole = std::nearbyint(value) + Real{0};  // -0 becomes 0
  const Real low = whole < kLow ? kLow : whole;
  const Real clamped = low > kHigh ? kHigh : low;
  return value != value ? Real{0} : clamped;
}

template <class Real>
void round_all(Dtype dtype, Real* values, std::size_t count) {
  switch (dtype) {
    case Dtype::fp64:
      return;
    case Dtype::fp32:
      if constexpr (sizeof(Real) == 8) {
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(values[i]);
      }
      return;
    case Dtype::bf16:
      for (std::size_t i = 0; i < count; ++i) values[i] = round_binary<kBf16>(values[i]);
      return;
    case Dtype::fp16:
      for (std::size_t i = 0; i < count; ++i) values[i] = round_binary<kFp16>(values[i]);
      return;
    case Dtype::int8:
      for (std::size_t i = 0; i < count; ++i) values[i] = round_integer<8>(values[i]);
      return;
    case Dtype::int4:
      for (std::size_t i = 0; i < count; ++i) values[i] = round_integer<4>(values[i]);
      return;
    case Dtype::int32:
      for (std::size_t i = 0; i < count; ++i) values[i] = round_integer<32>(values[i]);
      return;
  }
  ensure(false, "round_to: not a dtype");
}

}  // namespace

std::string_view name_of(Dtype dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  ensure(index < kNames.size(), "name_of: not a dtype");
  return kNames[index];
}

std::optional<Dtype> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

const std::vector<std::string>& dtype_names() {
  static const std::vector<std::string> kAll(kNames.begin(), kNames.end());
  return kAll;
}

Bytes size_of(Dtype dtype) {
  constexpr std::array<std::int64_t, 7> kSizes{8, 4, 2, 2, 1, 1, 4};
  const auto index = static_cast<std::size_t>(dtype);
  ensure(index < kSizes.size(), "size_of: not a dtype");
  return Bytes(kSizes[index]);
}

double round_to(Dtype dtype, double value) {
  round_all(dtype, &value, 1);
  return value;
}

void round_to(Dtype dtype, float* values, std::size_t count) { round_all(dtype, values, count); }
void round_to(Dtype dtype, double* values, std::size_t count) { round_all(dtype, values, count); }

double unit_roundoff(Dtype dtype) {
  constexpr std::array<double, 7> kRoundoff{0x1p-53, 0x1p-24, 0x1p-8, 0x1p-11, 0.5, 0.5, 0.5};
  const auto index = static_cast<std::size_t>(dtype);
  ensure(index < kRoundoff.size(), "unit_roundoff: not a dtype");
  return kRoundoff[index];
}

}  // namespace einloom
