// SPDX-License-Identifier: Apache-2.0
#include "arch/numbers_by_size.hpp"

#include <fmt/format.h>

#include <cmath>

namespace einloom {
namespace {

// The lower of the two listed sizes nearest to `size`; the other one follows it.
std::size_t lower_neighbour(const std::vector<ListedNumbers>& listed, std::int64_t size) {
  std::size_t lower = 0;
  while (lower + 2 < listed.size() && listed[lower + 1].size <= size) ++lower;
  return lower;
}

// `share`: of the way from `low` to `high`, in logarithms of the size.
double on_the_law(SizeLaw law, double low, double high, double share) {
  if (low == high || share == 0) return low;
  if (share == 1) return high;
  return law == SizeLaw::linear ? low + share * (high - low) : low * std::pow(high / low, share);
}

}  // namespace

StorageNumbers NumbersBySize::at(std::int64_t size) const {
  if (listed.empty()) return *this;
  const std::size_t lower = lower_neighbour(listed, size);
  const ListedNumbers& low = listed[lower];
  const ListedNumbers& high = listed[lower + 1];
  const double share = std::log2(static_cast<double>(size) / static_cast<double>(low.size)) /
                       std::log2(static_cast<double>(high.size) / static_cast<double>(low.size));
  const auto number = [&](double StorageNumbers::*which) {
    return on_the_law(law, low.numbers.*which, high.numbers.*which, share);
  };
  return {number(&StorageNumbers::read_energy_pj), number(&StorageNumbers::write_energy_pj),
          number(&StorageNumbers::area_um2)};
}

std::string NumbersBySize::how_found(std::int64_t size) const {
  if (listed.empty()) return "";
  const std::size_t lower = lower_neighbour(listed, size);
  const std::int64_t low = listed[lower].size, high = listed[lower + 1].size;
  if (size == low || size == high) return "";
  const bool between = low < size && size < high;
  return between ? fmt::format("interpolated between {} and {} {}", low, high, size_unit)
                 : fmt::format("extrapolated from {} and {} {}", low, high, size_unit);
}

}  // namespace einloom
