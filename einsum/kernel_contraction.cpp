// SPDX-License-Identifier: Apache-2.0
// sum of A·B as a blocked matrix product: blocks of A and B are packed into panels, absent points as 0, and a block of
// results is kept until its reduction is complete.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/kernel.hpp"
#include "einsum/micro_kernel.hpp"

namespace einloom::kernel {
namespace {

constexpr std::int64_t kBlockM = 64, kBlockN = 256, kBlockK = 256;

std::size_t at(int index) { return static_cast<std::size_t>(index); }
std::int64_t round_up(std::int64_t value, std::int64_t to) { return (value + to - 1) / to * to; }

template <class T>
class ContractionRun {
 public:
  using Micro = MicroKernel<T>;

  ContractionRun(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound)
      : c_(compiled), plan_(*compiled.contraction), box_(box), accumulate_(accumulate), bound_(bound) {
    for (const auto& range : box) point_.push_back(range.begin);
    for (int v = 0; v < c_.variables(); ++v) {
      if (v == plan_.m || v == plan_.n || v == plan_.k) continue;
      (v < c_.outputs ? outputs_ : reduced_).push_back(v);
    }
    // A constraint without n is about A's points (its bounds among them), one without m about B's.
    for (const auto& constraint : c_.constraints) {
      const auto& coefficients = constraint.form.coefficients;
      const bool m = coefficients[at(plan_.m)] != 0, n = coefficients[at(plan_.n)] != 0;
      (m && n ? element_masks_ : m ? a_masks_ : n ? b_masks_ : k_limits_).push_back(&constraint);
    }
    const auto length = [&](int v, std::int64_t most) {
      return std::clamp<std::int64_t>(box[at(v)].end - box[at(v)].begin, 1, most);
    };
    block_m_ = round_up(length(plan_.m, kBlockM), Micro::kRows);
    block_n_ = round_up(length(plan_.n, kBlockN), Micro::kColumns);
    block_k_ = length(plan_.k, kBlockK);
    a_.resize(static_cast<std::size_t>(block_m_ * block_k_));
    b_.resize(static_cast<std::size_t>(block_n_ * block_k_));
    sums_.resize(static_cast<std::size_t>(block_m_ * block_n_));
    line_.resize(static_cast<std::size_t>(2 * block_n_));
    a_ranges_.resize(static_cast<std::size_t>(block_m_));
    b_ranges_.resize(static_cast<std::size_t>(block_n_));
  }

  // False, with nothing stored, when a mask differs within a result's fibre in a way packing cannot express.
  [[nodiscard]] bool expressible() const {
    if (reduced_.empty()) return true;
    return std::none_of(element_masks_.begin(), element_masks_.end(), [&](const Constraint* mask) {
      return std::any_of(reduced_.begin(), reduced_.end(), [&](int v) { return mask->form.coefficients[at(v)] != 0; });
    });
  }

  void run() {
    for (int v = 0; v < c_.outputs; ++v) {
      if (box_[at(v)].begin >= box_[at(v)].end) return;
    }
    const Range m = box_[at(plan_.m)], n = box_[at(plan_.n)];
    do {
      for (m0_ = m.begin; m0_ < m.end; m0_ += block_m_) {
        rows_ = std::min(block_m_, m.end - m0_);
        for (n0_ = n.begin; n0_ < n.end; n0_ += block_n_) {
          columns_ = std::min(block_n_, n.end - n0_);
          std::fill(sums_.begin(), sums_.end(), T(0));
          reduce();
          store();
        }
      }
    } while (advance(point_, outputs_, box_));
  }

 private:
  void reduce() {
    for (const int v : reduced_) {
      if (box_[at(v)].begin >= box_[at(v)].end) return;
      point_[at(v)] = box_[at(v)].begin;
    }
    do {
      Range k = box_[at(plan_.k)];
      for (const Constraint* limit : k_limits_) clip(*limit, plan_.k, point_, k);
      for (k0_ = k.begin; k0_ < k.end; k0_ += block_k_) {
        depth_ = std::min(block_k_, k.end - k0_);
        multiply_block();
      }
    } while (advance(point_, reduced_, box_));
  }

  [[nodiscard]] std::int64_t origin(const CompiledAccess& access) const {
    std::int64_t sum = access.base;
    for (int v = 0; v < c_.variables(); ++v) {
      const std::int64_t value = v == plan_.m ? m0_ : v == plan_.n ? n0_ : v == plan_.k ? k0_ : point_[at(v)];
      sum += access.strides[at(v)] * value;
    }
    return sum;
  }

  enum class Present { all, some, none };

  // Packs `count` lines along k into panels of `width`, absent points (and lines beyond `count`) as 0. Absent points
  // are not read: they may lie outside the tensor.
  Present pack(const CompiledAccess& access, const T* data, int variable, std::int64_t first, std::int64_t count,
               std::int64_t width, double scale, const std::vector<const Constraint*>& masks,
               std::vector<Range>& ranges, T* into) {
    const std::int64_t stride = access.strides[at(variable)], stride_k = access.strides[at(plan_.k)];
    const T* block = data + origin(access);
    const auto factor = static_cast<T>(scale);
    std::int64_t present = 0;
    for (std::int64_t i = 0; i < round_up(count, width); ++i) {
      T* line = into + (i / width) * width * depth_ + i % width;
      Range range{k0_, i < count ? k0_ + depth_ : k0_};
      if (i < count && !masks.empty()) {
        const std::int64_t before = point_[at(variable)];
        point_[at(variable)] = first + i;
        for (const Constraint* mask : masks) clip(*mask, plan_.k, point_, range);
        point_[at(variable)] = before;
      }
      if (range.begin >= range.end) range = {k0_, k0_};
      if (i < count) ranges[static_cast<std::size_t>(i)] = range;
      present += range.end - range.begin;
      const T* from = block + i * stride;
      const std::int64_t begin = range.begin - k0_, end = range.end - k0_;
      for (std::int64_t k = 0; k < begin; ++k) line[k * width] = T(0);
      if (scale == 1) {
        for (std::int64_t k = begin; k < end; ++k) line[k * width] = from[k * stride_k];
      } else {
        for (std::int64_t k = begin; k < end; ++k) line[k * width] = from[k * stride_k] * factor;
      }
      for (std::int64_t k = end; k < depth_; ++k) line[k * width] = T(0);
    }
    return present == count * depth_ ? Present::all : present > 0 ? Present::some : Present::none;
  }

  static bool all_finite(const std::vector<T>& values, std::int64_t count) {
    return std::all_of(values.begin(), values.begin() + count, [](T value) { return std::isfinite(value); });
  }

  void multiply_block() {
    const Present in_a = pack(c_.accesses[at(plan_.a)], bound_.accesses[at(plan_.a)], plan_.m, m0_, rows_, Micro::kRows,
                              plan_.scale, a_masks_, a_ranges_, a_.data());
    if (in_a == Present::none) return;
    const Present in_b = pack(c_.accesses[at(plan_.b)], bound_.accesses[at(plan_.b)], plan_.n, n0_, columns_,
                              Micro::kColumns, 1, b_masks_, b_ranges_, b_.data());
    if (in_b == Present::none) return;
    // An absent 0 times an infinity would be NaN: such a block is multiplied point by point.
    const bool masked = in_a == Present::some || in_b == Present::some;
    if (masked && !(all_finite(a_, round_up(rows_, Micro::kRows) * depth_) &&
                    all_finite(b_, round_up(columns_, Micro::kColumns) * depth_))) {
      multiply_present();
      return;
    }
    for (std::int64_t j = 0; j < columns_; j += Micro::kColumns) {
      for (std::int64_t i = 0; i < rows_; i += Micro::kRows) {
        Micro::run(depth_, a_.data() + i * depth_, b_.data() + j * depth_, sums_.data() + i * block_n_ + j, block_n_);
      }
    }
  }

  void multiply_present() {
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < columns_; ++j) {
        const Range& a = a_ranges_[static_cast<std::size_t>(i)];
        const Range& b = b_ranges_[static_cast<std::size_t>(j)];
        T& sum = sums_[static_cast<std::size_t>(i * block_n_ + j)];
        for (std::int64_t k = std::max(a.begin, b.begin) - k0_; k < std::min(a.end, b.end) - k0_; ++k) {
          sum += a_[static_cast<std::size_t>((i / Micro::kRows) * Micro::kRows * depth_ + k * Micro::kRows +
                                             i % Micro::kRows)] *
                 b_[static_cast<std::size_t>((j / Micro::kColumns) * Micro::kColumns * depth_ + k * Micro::kColumns +
                                             j % Micro::kColumns)];
        }
      }
    }
  }

  void store() {
    const std::int64_t stride_m = c_.output.strides[at(plan_.m)], stride_n = c_.output.strides[at(plan_.n)];
    k0_ = 0;
    T* block = bound_.output + origin(c_.output);
    T* line = line_.data();
    T* before = line + block_n_;
    const auto count = static_cast<std::size_t>(columns_);
    for (std::int64_t i = 0; i < rows_; ++i) {
      std::copy_n(sums_.data() + i * block_n_, columns_, line);
      if (!element_masks_.empty()) zero_absent(m0_ + i, line);
      T* out = block + i * stride_m;
      if (accumulate_) {
        for (std::int64_t j = 0; j < columns_; ++j) before[j] = out[j * stride_n];
        c_.groups[0].combine({before, 1}, {line, 1}, line, count);
      }
      if (c_.rounds) round_to(c_.dtype, line, count);
      for (std::int64_t j = 0; j < columns_; ++j) out[j * stride_n] = line[j];
    }
  }

  // A result without any present point is the identity of a sum.
  void zero_absent(std::int64_t m, T* line) {
    const std::int64_t before = point_[at(plan_.m)];
    point_[at(plan_.m)] = m;
    Range present{n0_, n0_ + columns_};
    for (const Constraint* mask : element_masks_) clip(*mask, plan_.n, point_, present);
    point_[at(plan_.m)] = before;
    if (present.begin >= present.end) present = {n0_, n0_};
    std::fill(line, line + (present.begin - n0_), T(0));
    std::fill(line + (present.end - n0_), line + columns_, T(0));
  }

  const Compiled<T>& c_;
  const Contraction& plan_;
  const Box& box_;
  const bool accumulate_;
  const Bound<T>& bound_;
  std::vector<std::int64_t> point_;
  std::vector<int> outputs_, reduced_;
  std::vector<const Constraint*> a_masks_, b_masks_, element_masks_, k_limits_;
  std::int64_t block_m_ = 0, block_n_ = 0, block_k_ = 0;
  std::int64_t m0_ = 0, n0_ = 0, k0_ = 0, rows_ = 0, columns_ = 0, depth_ = 0;
  std::vector<T> a_, b_, sums_, line_;
  std::vector<Range> a_ranges_, b_ranges_;
};

}  // namespace

template <class T>
void run_contraction(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound) {
  ContractionRun<T> run(compiled, box, accumulate, bound);
  if (run.expressible()) {
    run.run();
  } else {
    run_chunks(compiled, box, accumulate, bound);
  }
}

template void run_contraction(const Compiled<double>&, const Box&, bool, const Bound<double>&);
template void run_contraction(const Compiled<float>&, const Box&, bool, const Bound<float>&);

}  // namespace einloom::kernel
