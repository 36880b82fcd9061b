// SPDX-License-Identifier: Apache-2.0
#include "mappings/steps/operation_mask.hpp"

#include <algorithm>

namespace einloom {
namespace {

constexpr std::int64_t kMostBits = std::int64_t{1} << 28;  // 32 MiB a mask, and as much again for its counts

// Levels of a statement's loops that advance a variable with a predicate, and how.
struct Axis {
  std::size_t variable = 0;
  std::size_t level = 0;  // in `effective`
  std::int64_t divisor = 1, trip = 1, step = 1;
};

class OperationMask {
 public:
  OperationMask(const Lowering& lowering, const Statement& statement, DataPredicates* data)
      : program_(lowering.program),
        statement_(statement),
        data_(data),
        constraints_(absent_constraints(lowering.cascade, statement.einsum, lowering.program.shape)) {
    for (std::size_t v = 0; v < statement.box.size(); ++v) {
      if (data_ == nullptr && std::any_of(constraints_.begin(), constraints_.end(),
                                          [&](const Constraint& each) { return each.form.coefficients[v] != 0; })) {
        involved_.push_back(v);
      }
    }
    if (data_ != nullptr) involved_ = data_->variables();
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      const ProgramLoop& loop =
          program_.loops[static_cast<std::size_t>(statement.loops[static_cast<std::size_t>(statement.effective[e])])];
      std::int64_t divisor = loop.trip;
      for (const LoopDigit& digit : loop.digits) {
        divisor /= digit.trip;
        for (std::size_t v : involved_) {
          if (statement.box[v].variable == digit.dimension) axes_.push_back({v, e, divisor, digit.trip, digit.step});
        }
      }
    }
  }

  OperationTiles make() {
    if (constraints_.empty() && data_ == nullptr) return {};
    position_.assign(statement_.trips.size(), 0);
    box_.assign(statement_.box.size(), {});
    if (axes_.empty()) return {all_or_none()};
    std::vector<int> levels;
    std::int64_t bits = 1;
    for (std::size_t e = 0; e < statement_.effective.size(); ++e) {
      if (std::none_of(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.level == e; })) continue;
      levels.push_back(static_cast<int>(e));
      if (statement_.trips[e] > kMostBits / bits) return {nullptr, true};
      bits *= statement_.trips[e];
    }
    auto mask = std::make_shared<TileMask>(statement_.trips, levels);
    inner_ = static_cast<std::size_t>(levels.back());
    const std::int64_t row = mask->row_bits();
    for (std::int64_t first = 0; first < bits; first += row) {
      fill_row(first, row, *mask);
      for (std::size_t i = levels.size() - 1; i-- > 0;) {
        const auto level = static_cast<std::size_t>(levels[i]);
        if (++position_[level] < statement_.trips[level]) break;
        position_[level] = 0;
      }
    }
    mask->finish();
    if (mask->count(0, bits) == bits) return {};
    return {std::move(mask)};
  }

 private:
  // No loop moves a tile along a variable with a predicate: all tiles are alike.
  std::shared_ptr<TileMask> all_or_none() {
    find_box();
    if (has_point()) return nullptr;
    auto mask = std::make_shared<TileMask>(statement_.trips, std::vector<int>{});
    mask->finish();
    return mask;
  }

  // Tiles along the innermost level. The bounds of a constraint are linear there, as long as no tile is shorter and
  // the loop has a single digit: between its ends they are known where they are known at the ends of a stretch.
  void fill_row(std::int64_t first, std::int64_t tiles, TileMask& mask) {
    const bool linear =
        data_ == nullptr &&
        std::count_if(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.level == inner_; }) == 1 &&
        std::all_of(axes_.begin(), axes_.end(),
                    [&](const Axis& axis) { return axis.level != inner_ || axis.trip == tiles; });
    if (linear && tiles > 2) {
      fill(first, 0, tiles - 1, mask);
      fill_tile(first, tiles - 1, mask);  // may be shorter
    } else {
      for (std::int64_t tile = 0; tile < tiles; ++tile) fill_tile(first, tile, mask);
    }
    position_[inner_] = 0;
  }

  // The stretch [begin, end): halved until its tiles are all full or all empty, or one is left.
  void fill(std::int64_t first, std::int64_t begin, std::int64_t end, TileMask& mask) {
    if (begin >= end) return;
    if (end - begin == 1) return fill_tile(first, begin, mask);
    bool full = true;
    for (const Constraint& constraint : constraints_) {
      const ValueBounds a = bounds_at(begin, constraint), b = bounds_at(end - 1, constraint);
      if (constraint.is_not_equal) {
        full = full && (std::min(a.low, b.low) > 0 || std::max(a.high, b.high) < 0);
        continue;
      }
      if (std::min(a.low, b.low) > 0) return;
      full = full && std::max(a.high, b.high) <= 0;
    }
    if (full) return mask.set(first + begin, first + end);
    const std::int64_t middle = begin + (end - begin) / 2;
    fill(first, begin, middle, mask);
    fill(first, middle, end, mask);
  }

  void fill_tile(std::int64_t first, std::int64_t tile, TileMask& mask) {
    position_[inner_] = tile;
    find_box();
    if (has_point()) mask.set(first + tile);
  }

  ValueBounds bounds_at(std::int64_t tile, const Constraint& constraint) {
    position_[inner_] = tile;
    find_box();
    return bounds_in(constraint, involved_, box_);
  }

  void find_box() {
    for (std::size_t v : involved_) {
      const BoxDimension& box = statement_.box[v];
      box_[v] = {0, box.full};
      if (box.partial < 0) continue;
      const auto& loops = statement_.partials[static_cast<std::size_t>(box.partial)].loops;
      const bool last = std::all_of(loops.begin(), loops.end(), [&](int loop) { return stands_last(loop); });
      if (last) box_[v].end = box.last;
    }
    for (const Axis& axis : axes_) {
      const std::int64_t begin = position_[axis.level] / axis.divisor % axis.trip * axis.step;
      box_[axis.variable].begin += begin;
      box_[axis.variable].end += begin;
    }
  }

  // As in Program::variant_at.
  [[nodiscard]] bool stands_last(int loop) const {
    const Guard guard = statement_.guards[static_cast<std::size_t>(loop)];
    if (guard == Guard::last) return true;
    if (guard == Guard::first) {
      return program_.loops[static_cast<std::size_t>(statement_.loops[static_cast<std::size_t>(loop)])].trip == 1;
    }
    const auto found = std::find(statement_.effective.begin(), statement_.effective.end(), loop);
    const auto e = static_cast<std::size_t>(found - statement_.effective.begin());
    return position_[e] == statement_.trips[e] - 1;
  }

  bool has_point() { return data_ ? data_->has_point(box_) : has_affine_point(constraints_, involved_, box_); }

  const Program& program_;
  const Statement& statement_;
  DataPredicates* data_;  // null: affine predicates alone
  const std::vector<Constraint> constraints_;
  std::vector<std::size_t> involved_;  // variables
  std::vector<Axis> axes_;
  std::vector<std::int64_t> position_;
  Box box_;
  std::size_t inner_ = 0;  // innermost level with a predicate
};

}  // namespace

OperationTiles tiles_with_points(const Lowering& lowering, const Statement& statement, DataPredicates* data) {
  return OperationMask(lowering, statement, data).make();
}

}  // namespace einloom
