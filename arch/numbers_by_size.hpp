// SPDX-License-Identifier: Apache-2.0
// Energy and area of a memory or of a PE's registers, stated once or listed for several sizes (capacity in bytes,
// count of registers).
// Contract: a listed size has exactly its numbers; every other size has what the law gives through the nearest two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace einloom {

struct StorageNumbers {
  double read_energy_pj = 0;   // per access
  double write_energy_pj = 0;  // per access
  double area_um2 = 0;
};

struct ListedNumbers {
  std::int64_t size = 1;
  StorageNumbers numbers;
};

enum class SizeLaw {
  linear,  // linear in log2(size): registers, whose numbers hardly change with their count
  power    // a power of size, a line between logarithms: memories; numbers above 0
};

// The numbers themselves are those stated once; where sizes are listed, those of the smallest size.
struct NumbersBySize : StorageNumbers {
  std::vector<ListedNumbers> listed;  // ascending sizes, at least two; empty: one set of numbers for every size
  bool energy_listed = false;         // false: the energies are the same at every size
  bool area_listed = false;           // false: the area is
  SizeLaw law = SizeLaw::linear;
  std::string size_unit;  // "bytes", "registers"; for how_found

  // At `size` >= 1. Beyond the listed sizes the law goes on; a linear one may then give a number below 0.
  [[nodiscard]] StorageNumbers at(std::int64_t size) const;
  // "interpolated between 4 and 16 registers", "extrapolated from 16 and 32 registers"; "" for a listed size, or when
  // none is listed.
  [[nodiscard]] std::string how_found(std::int64_t size) const;
};

}  // namespace einloom
