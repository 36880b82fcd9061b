// SPDX-License-Identifier: Apache-2.0
// One array, every PE stepped every cycle. Operations enter as control words at PE(0, 0) and move right along row 0 and
// down every column, one hop a cycle; a PE that gets one starts it. Registers are planes of R · C numbers.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "mappings/program.hpp"
#include "sim/pe_level/observations.hpp"
#include "sim/pe_level/space_time.hpp"
#include "sim/pe_level/unload_chain.hpp"

namespace einloom {

struct ScheduledEinsum;

// One tile operation on its way through an array.
struct IssuedOperation {
  std::int32_t number = 0;  // in the array's issue order, from 1
  int statement = -1;
  std::int64_t instance = 0, iteration = 0, start = 0;
  std::vector<std::int64_t> position;  // along the statement's effective loops
  const SpaceTime* map = nullptr;
  bool unloads = false;
  const ScheduledEinsum* schedule = nullptr;  // of an array with a controller
};

class PeGrid {
 public:
  PeGrid(std::int64_t rows, std::int64_t columns);

  // What happens to an operation; `time` is the first cycle in which it can be acted upon.
  using OnEvent = std::function<void(const IssuedOperation& operation, Seen event, std::int64_t time)>;
  // In each cycle, when the control words have arrived and before the cycle's work is counted.
  using OnCycle = std::function<void(std::int64_t now)>;
  // An unreduced row of a column leaves; it can be used at `time`.
  using OnRowOut =
      std::function<void(const IssuedOperation&, std::int64_t row, std::int64_t column, std::int64_t time)>;

  // The corner issues: PE(0, 0) starts in this cycle.
  void issue(IssuedOperation operation);
  void step(std::int64_t now, const OnEvent& on_event, const OnCycle& on_cycle, const OnRowOut& on_row_out);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  [[nodiscard]] bool is_idle() const { return under_way_.empty(); }
  [[nodiscard]] std::int64_t busy_pe_cycles() const { return busy_; }
  [[nodiscard]] std::int64_t pe_cycles() const { return stepped_; }
  [[nodiscard]] std::int64_t idle_since() const { return idle_since_; }  // the cycle after the last PE's last work
  [[nodiscard]] std::size_t most_unloading() const { return most_unloading_; }

  // Planes, row by row. Number of the operation a PE is at, cycles it still has to work on it (this one included), and
  // all of its cycles.
  [[nodiscard]] const std::int32_t* at() const { return at_.data(); }
  [[nodiscard]] const std::int32_t* left() const { return left_.data(); }
  // The oldest operation that is under way; one behind the youngest when there is none.
  [[nodiscard]] std::int32_t oldest() const { return under_way_.empty() ? issued_ + 1 : under_way_.front().number; }
  [[nodiscard]] const IssuedOperation& operation(std::int32_t number) const {
    return under_way_[static_cast<std::size_t>(number - under_way_.front().number)];
  }

 private:
  void move_control();
  void work();
  void tell_corners(std::int64_t now, const OnEvent& on_event);
  void unload(std::int64_t now, const OnEvent& on_event, const OnRowOut& on_row_out);

  std::int64_t rows_, columns_;
  // Control words arriving in this cycle: operation number (0: none), its cycles, PEs that take part.
  std::vector<std::int32_t> control_, control_cycles_, control_extent_;
  std::vector<std::int32_t> at_, left_, extent_;
  std::deque<IssuedOperation> under_way_;  // oldest first
  std::int32_t issued_ = 0;
  bool enters_ = false;  // the youngest operation enters PE(0, 0) in this cycle
  std::vector<UnloadChain> unloading_;
  std::vector<std::int32_t> finished_in_row0_;    // in the cycle before, by column; 0: none
  std::vector<std::int32_t> done_in_row0_;        // the last operation finished, by column
  std::array<std::int64_t, 4> done_at_corner_{};  // first_pe, last_row, last_column, last_pe: operations finished
  std::size_t most_unloading_ = 0;
  std::int64_t busy_ = 0, stepped_ = 0, idle_since_ = 0;
};

}  // namespace einloom
