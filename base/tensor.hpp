// SPDX-License-Identifier: Apache-2.0
// Dense row-major tensor with named ranks; the last rank is contiguous.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace einloom {

template <class T>
class Tensor {
 public:
  Tensor() = default;
  // ranks.size() == extents.size(); every extent >= 0; elements start as `fill`.
  Tensor(std::vector<std::string> ranks, std::vector<std::int64_t> extents, T fill = T{})
      : ranks_(std::move(ranks)), extents_(std::move(extents)), strides_(extents_.size(), 1) {
    std::int64_t size = 1;
    for (std::size_t i = extents_.size(); i-- > 0;) {
      strides_[i] = size;
      size *= extents_[i];
    }
    data_.assign(static_cast<std::size_t>(size), fill);
  }

  [[nodiscard]] const std::vector<std::string>& ranks() const { return ranks_; }
  [[nodiscard]] const std::vector<std::int64_t>& extents() const { return extents_; }
  [[nodiscard]] const std::vector<std::int64_t>& strides() const { return strides_; }
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(data_.size()); }
  [[nodiscard]] T* data() { return data_.data(); }
  [[nodiscard]] const T* data() const { return data_.data(); }

  // Offset of a point; one index per rank, unchecked.
  template <class... Index>
  [[nodiscard]] std::int64_t offset(Index... index) const {
    std::int64_t at = 0;
    std::size_t rank = 0;
    ((at += static_cast<std::int64_t>(index) * strides_[rank++]), ...);
    return at;
  }
  template <class... Index>
  [[nodiscard]] T& operator()(Index... index) {
    return data_[static_cast<std::size_t>(offset(index...))];
  }
  template <class... Index>
  [[nodiscard]] const T& operator()(Index... index) const {
    return data_[static_cast<std::size_t>(offset(index...))];
  }

 private:
  std::vector<std::string> ranks_;
  std::vector<std::int64_t> extents_;
  std::vector<std::int64_t> strides_;
  std::vector<T> data_;
};

}  // namespace einloom
