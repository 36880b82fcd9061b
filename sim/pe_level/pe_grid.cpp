// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/pe_grid.hpp"

#include <algorithm>
#include <cstring>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// Everything one row down; in row 0 one PE to the right. `enters` comes into PE(0, 0).
void move_one_hop(std::vector<std::int32_t>& plane, std::size_t columns, std::int32_t enters) {
  std::memmove(plane.data() + columns, plane.data(), (plane.size() - columns) * sizeof(std::int32_t));
  std::memmove(plane.data() + 1, plane.data(), (columns - 1) * sizeof(std::int32_t));
  plane.front() = enters;
}

std::int32_t packed(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::int32_t>(rows << 16 | columns);  // arrays have fewer than 2^15 rows and 2^16 columns
}

}  // namespace

PeGrid::PeGrid(std::int64_t rows, std::int64_t columns) : rows_(rows), columns_(columns) {
  const auto pes = static_cast<std::size_t>(rows * columns);
  for (auto* plane : {&control_, &control_cycles_, &control_extent_, &at_, &left_, &extent_}) plane->assign(pes, 0);
  finished_in_row0_.assign(static_cast<std::size_t>(columns), 0);
  done_in_row0_ = finished_in_row0_;
}

void PeGrid::issue(IssuedOperation operation) {
  ensure(!enters_, "the corner issues one operation a cycle");
  operation.number = ++issued_;
  under_way_.push_back(std::move(operation));
  enters_ = true;
}

void PeGrid::move_control() {
  const auto width = static_cast<std::size_t>(columns_);
  std::int32_t number = 0, cycles = 0, extent = 0;
  if (enters_) {
    const IssuedOperation& operation = under_way_.back();
    number = operation.number;
    cycles = static_cast<std::int32_t>(operation.map->cycles());
    extent = packed(operation.map->rows, operation.map->columns);
    enters_ = false;
  }
  move_one_hop(control_, width, number);
  move_one_hop(control_cycles_, width, cycles);
  move_one_hop(control_extent_, width, extent);
  // A PE that gets a control word starts; it must have finished what it did before.
  std::int32_t collides = 0;
  const std::size_t pes = at_.size();
  const std::int32_t* control = control_.data();
  const std::int32_t* its_cycles = control_cycles_.data();
  const std::int32_t* its_extent = control_extent_.data();
  std::int32_t *at = at_.data(), *left = left_.data(), *extents = extent_.data();
  for (std::size_t i = 0; i < pes; ++i) {
    const bool starts = control[i] != 0;
    collides |= starts ? left[i] : 0;
    at[i] = starts ? control[i] : at[i];
    left[i] = starts ? its_cycles[i] : left[i];
    extents[i] = starts ? its_extent[i] : extents[i];
  }
  ensure(collides == 0, "a PE has finished its operation when the next one reaches it");
}

void PeGrid::work() {
  std::int64_t busy = 0;
  for (std::int64_t r = 0; r < rows_; ++r) {
    std::int32_t* left = left_.data() + r * columns_;
    const std::int32_t* extent = extent_.data() + r * columns_;
    const auto row = static_cast<std::int32_t>(r), width = static_cast<std::int32_t>(columns_);
    std::int32_t in_row = 0;
    for (std::int32_t c = 0; c < width; ++c) {
      const std::int32_t works = left[c] > 0 ? 1 : 0;
      in_row += works & static_cast<std::int32_t>(row < extent[c] >> 16) &
                static_cast<std::int32_t>(c < (extent[c] & 0xffff));
      left[c] -= works;
    }
    busy += in_row;
  }
  busy_ += busy;
  stepped_ += rows_ * columns_;
}

void PeGrid::tell_corners(std::int64_t now, const OnEvent& on_event) {
  const auto tell = [&](std::int64_t r, std::int64_t c, Seen event) {
    const auto pe = static_cast<std::size_t>(r * columns_ + c);
    if (under_way_.empty() || left_[pe] != 0 || at_[pe] < under_way_.front().number) return;
    const IssuedOperation& what = operation(at_[pe]);
    std::int64_t& finished = done_at_corner_[static_cast<std::size_t>(event)];
    if (finished == what.number) return;
    ensure(finished + 1 == what.number, "operations finish in the order they were issued");
    finished = what.number;
    if (event == Seen::last_pe) idle_since_ = now + 1;
    on_event(what, event, now + 1);
  };
  tell(0, 0, Seen::first_pe);
  tell(rows_ - 1, 0, Seen::last_row);
  tell(0, columns_ - 1, Seen::last_column);
  tell(rows_ - 1, columns_ - 1, Seen::last_pe);
}

void PeGrid::unload(std::int64_t now, const OnEvent& on_event, const OnRowOut& on_row_out) {
  const std::int32_t starting = finished_in_row0_.front();
  const bool is_here = starting != 0 && !under_way_.empty() && starting >= under_way_.front().number;
  if (is_here && operation(starting).unloads) unloading_.emplace_back(starting, rows_, columns_);
  most_unloading_ = std::max(most_unloading_, unloading_.size());
  for (UnloadChain& chain : unloading_) {
    const IssuedOperation& what = operation(chain.operation());
    chain.step(
        finished_in_row0_,
        [&](std::int64_t r, std::int64_t c) {
          const auto pe = static_cast<std::size_t>(r * columns_ + c);
          return at_[pe] > what.number || (at_[pe] == what.number && left_[pe] == 0);
        },
        [&](std::int64_t r, std::int64_t c) {
          if (on_row_out) on_row_out(what, r, c, now + 1);
          if (r == 0 && c == 0) on_event(what, Seen::first_row_out, now + 1);
          if (r == rows_ - 1 && c == columns_ - 1) on_event(what, Seen::all_rows_out, now + 1);
        });
  }
  std::erase_if(unloading_, [](const UnloadChain& chain) { return chain.is_done(); });
}

void PeGrid::step(std::int64_t now, const OnEvent& on_event, const OnCycle& on_cycle, const OnRowOut& on_row_out) {
  move_control();
  if (on_cycle) on_cycle(now);
  unload(now, on_event, on_row_out);
  work();
  for (std::int64_t c = 0; c < columns_; ++c) {
    const auto i = static_cast<std::size_t>(c);
    // The last cycle of an operation has just been worked.
    finished_in_row0_[i] = left_[i] == 0 && at_[i] > done_in_row0_[i] ? at_[i] : 0;
    if (finished_in_row0_[i] != 0) done_in_row0_[i] = at_[i];
  }
  tell_corners(now, on_event);
  // An operation has left when its last PE is done and nothing of it is, or in the next cycle will be, unloaded.
  while (!under_way_.empty() && under_way_.front().number <= done_at_corner_[static_cast<std::size_t>(Seen::last_pe)]) {
    const IssuedOperation& oldest = under_way_.front();
    const bool unloading = std::any_of(unloading_.begin(), unloading_.end(),
                                       [&](const UnloadChain& chain) { return chain.operation() == oldest.number; });
    if (unloading || (oldest.unloads && finished_in_row0_.front() == oldest.number)) break;
    under_way_.pop_front();
  }
}

}  // namespace einloom
