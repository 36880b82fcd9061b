// SPDX-License-Identifier: Apache-2.0
// Links between neighbours that carry one operand: each PE's register is handed on every cycle, to the right (entering
// at the left edge) or down (entering at the top). A tag says for which operation and step a value is; 0: none.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace einloom {

using StepTag = std::uint32_t;

template <class T>
class OperandStream {
 public:
  OperandStream(std::int64_t rows, std::int64_t columns, bool down) : rows_(rows), columns_(columns), down_(down) {}

  // One hop.
  void move(std::int64_t now) {
    if (now > live_until_) return;
    const auto shift = static_cast<std::size_t>(down_ ? columns_ : 1);
    std::memmove(values_.data() + shift, values_.data(), (values_.size() - shift) * sizeof(T));
    std::memmove(tags_.data() + shift, tags_.data(), (tags_.size() - shift) * sizeof(StepTag));
    // Nothing comes round from the far edge.
    if (down_) {
      std::memset(tags_.data(), 0, static_cast<std::size_t>(columns_) * sizeof(StepTag));
    } else {
      for (std::int64_t r = 0; r < rows_; ++r) tags_[static_cast<std::size_t>(r * columns_)] = 0;
    }
  }
  void enter(std::int64_t pe, T value, StepTag tag, std::int64_t now) {
    if (values_.empty()) {
      values_.assign(static_cast<std::size_t>(rows_ * columns_), T{});
      tags_.assign(values_.size(), 0);
    }
    values_[static_cast<std::size_t>(pe)] = value;
    tags_[static_cast<std::size_t>(pe)] = tag;
    live_until_ = now + (down_ ? rows_ : columns_);
  }
  [[nodiscard]] bool is_here(std::int64_t pe, StepTag tag) const {
    return !tags_.empty() && tags_[static_cast<std::size_t>(pe)] == tag;
  }
  [[nodiscard]] T value(std::int64_t pe) const { return values_[static_cast<std::size_t>(pe)]; }

 private:
  std::int64_t rows_, columns_;
  bool down_;
  std::vector<T> values_;
  std::vector<StepTag> tags_;
  std::int64_t live_until_ = -1;
};

// Links that carry what is being summed up: what a PE puts on its link in one cycle, its neighbour has in the next.
template <class T>
class SumLinks {
 public:
  explicit SumLinks(std::int64_t pes) : pes_(static_cast<std::size_t>(pes)) {}

  void move(std::int64_t now) {
    if (now > live_until_) return;
    std::swap(values_, put_values_);
    std::swap(tags_, put_tags_);
    std::memset(put_tags_.data(), 0, put_tags_.size() * sizeof(StepTag));
  }
  void put(std::int64_t pe, T value, StepTag tag, std::int64_t now) {
    if (values_.empty()) {
      values_.resize(pes_);
      put_values_.resize(pes_);
      tags_.assign(pes_, 0);
      put_tags_.assign(pes_, 0);
    }
    put_values_[static_cast<std::size_t>(pe)] = value;
    put_tags_[static_cast<std::size_t>(pe)] = tag;
    live_until_ = now + 2;
  }
  // What the PE `from` put on its link in the cycle before.
  [[nodiscard]] bool is_from(std::int64_t from, StepTag tag) const {
    return !tags_.empty() && tags_[static_cast<std::size_t>(from)] == tag;
  }
  [[nodiscard]] T value(std::int64_t from) const { return values_[static_cast<std::size_t>(from)]; }

 private:
  std::size_t pes_;
  std::vector<T> values_, put_values_;
  std::vector<StepTag> tags_, put_tags_;
  std::int64_t live_until_ = -1;
};

}  // namespace einloom
