// SPDX-License-Identifier: Apache-2.0
#include "sim/dram/address_map.hpp"

#include <bit>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

constexpr auto index_of(AddressField field) { return static_cast<std::size_t>(field); }

int bits_of(std::int64_t count) {
  ensure(count > 0 && std::has_single_bit(static_cast<std::uint64_t>(count)), "parts of an address are powers of two");
  return std::countr_zero(static_cast<std::uint64_t>(count));
}

}  // namespace

AddressMap::AddressMap(const BankedDram& dram) : access_bits_(bits_of(dram.timing.access_bytes)) {
  bits_[index_of(AddressField::channel)] = bits_of(dram.channels);
  bits_[index_of(AddressField::rank)] = bits_of(dram.timing.ranks);
  bits_[index_of(AddressField::bank_group)] = bits_of(dram.timing.bank_groups);
  bits_[index_of(AddressField::bank)] = bits_of(dram.timing.banks);
  bits_[index_of(AddressField::row)] = bits_of(dram.timing.rows);
  bits_[index_of(AddressField::column)] = bits_of(dram.timing.columns);
  std::array<int, 6> left = bits_;
  for (const AddressOrder::Part& part : dram.order.parts) left[index_of(part.field)] -= part.bits;
  std::array<int, 6> position{};
  int total = access_bits_;
  for (const AddressOrder::Part& part : dram.order.parts) {
    const std::size_t field = index_of(part.field);
    ensure(left[field] >= 0, "a split part of an address order has no more bits than the DRAM");
    const int bits = part.bits > 0 ? part.bits : left[field];
    steps_.push_back({static_cast<int>(field), bits, position[field]});
    position[field] += bits;
    total += bits;
  }
  if (dram.order.xor_source) xor_source_ = static_cast<int>(index_of(*dram.order.xor_source));
  if (dram.order.parts.back().field == AddressField::row) {
    const int row_bits = steps_.back().bits;
    steps_.back().bits = 62 - (total - row_bits);  // unbounded
    // Where rows permute the banks, all their bits that do must come back.
    const int permuted = dram.order.xor_source == AddressField::row ? bits_[0] + bits_[1] + bits_[2] + bits_[3] : 0;
    const int lower_row_bits = steps_.back().position;
    if (lower_row_bits == 0) row_period_ = std::int64_t{1} << (total - row_bits + permuted);
  }
}

DramPlace AddressMap::place(std::int64_t address) const {
  std::uint64_t rest = static_cast<std::uint64_t>(address) >> access_bits_;
  std::array<std::uint64_t, 6> fields{};
  for (const Step& step : steps_) {
    fields[static_cast<std::size_t>(step.field)] |= (rest & ((std::uint64_t{1} << step.bits) - 1)) << step.position;
    rest >>= step.bits;
  }
  if (xor_source_ >= 0) {
    std::uint64_t source = fields[static_cast<std::size_t>(xor_source_)];
    for (std::size_t field = index_of(AddressField::channel); field <= index_of(AddressField::bank); ++field) {
      fields[field] ^= source & ((std::uint64_t{1} << bits_[field]) - 1);
      source >>= bits_[field];
    }
  }
  const std::uint64_t group = (fields[index_of(AddressField::rank)] << bits_[index_of(AddressField::bank_group)]) |
                              fields[index_of(AddressField::bank_group)];
  return {
      .channel = static_cast<int>(fields[index_of(AddressField::channel)]),
      .bank = static_cast<int>((group << bits_[index_of(AddressField::bank)]) | fields[index_of(AddressField::bank)]),
      .row = static_cast<std::int64_t>(fields[index_of(AddressField::row)]),
      .column = static_cast<std::int64_t>(fields[index_of(AddressField::column)])};
}

}  // namespace einloom
