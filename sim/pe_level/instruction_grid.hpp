// SPDX-License-Identifier: Apache-2.0
// One array with a controller, every PE stepped every cycle, with a row of units above the columns and one below. The
// controller's engines count its table's cycles; control words enter at column 0, row by row, and move right.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "arch/machine.hpp"
#include "sim/pe_level/instruction_schedule.hpp"
#include "sim/pe_level/pe_grid.hpp"

namespace einloom {

class InstructionGrid {
 public:
  // `schedules` outlives the grid.
  InstructionGrid(const Program& program, const PeArray& array, const std::vector<InstructionSchedule>& schedules);

  using OnEvent = PeGrid::OnEvent;
  using OnCycle = PeGrid::OnCycle;
  using OnRowOut = PeGrid::OnRowOut;

  // The controller accepts the Einsums of an instruction in one cycle, in order. The first one begins it: its engine
  // must be free. UserError (instruction-conflict) when a PE is reached by what it is not ready for.
  void issue(IssuedOperation operation, std::int64_t now);
  void step(std::int64_t now, const OnEvent& on_event, const OnCycle& on_cycle, const OnRowOut& on_row_out);

  // Rows of stations: units above, PEs, units below.
  [[nodiscard]] std::int64_t rows() const { return rows_ + 2; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  [[nodiscard]] bool is_idle() const { return under_way_.empty(); }
  [[nodiscard]] std::int64_t busy_pe_cycles() const { return busy_; }
  [[nodiscard]] std::int64_t pe_cycles() const { return stepped_; }
  [[nodiscard]] std::int64_t idle_since() const { return idle_since_; }
  [[nodiscard]] std::size_t most_unloading() const { return most_unloading_; }

  // Planes of stations, as PeGrid's. What a station is at: phase 0 the Einsum itself, 1 + i its latch i.
  [[nodiscard]] const std::int32_t* at() const { return at_.data(); }
  [[nodiscard]] const std::int32_t* phase() const { return phase_.data(); }
  [[nodiscard]] const std::int32_t* left() const { return left_.data(); }
  [[nodiscard]] std::int32_t oldest() const { return under_way_.empty() ? issued_ + 1 : under_way_.front().number; }
  [[nodiscard]] const IssuedOperation& operation(std::int32_t number) const {
    return under_way_[static_cast<std::size_t>(number - under_way_.front().number)];
  }

 private:
  struct Word {
    std::int32_t number = 0, phase = 0, cycles = 0;
    bool shifts = false;  // takes in one value for every column: in each further one it is over sooner
  };
  struct Engine {
    const InstructionSchedule* works_on = nullptr;
    std::int32_t first = 0, last = 0;  // operations
    std::int64_t until_next = 0, until_idle = 0;
  };

  void begin_instruction(std::int64_t now, const InstructionSchedule& schedule, std::int32_t number);
  void send_words(const IssuedOperation& operation, bool is_skewed, std::int64_t now);
  void move_words(std::int64_t now);
  void receive(std::size_t station, const Word& word, std::int64_t now);
  void work(std::int64_t now);
  void ends(const IssuedOperation& operation, std::size_t station, std::int64_t now);
  void unload(std::int64_t now, const OnRowOut& on_row_out);
  void run_engines(std::int64_t now, const OnEvent& on_event);
  [[nodiscard]] bool is_in_tile(const IssuedOperation& operation, std::int64_t row, std::int64_t column) const;
  void take_register(const IssuedOperation& operation, std::size_t station, std::int64_t count, std::int64_t now);
  [[noreturn]] void conflict(const IssuedOperation& operation, std::size_t station, std::int64_t now,
                             const std::string& why) const;

  const Program& program_;
  const PeArray& array_;
  std::int64_t rows_, columns_;
  std::map<int, std::pair<const InstructionSchedule*, const ScheduledEinsum*>> schedule_of_;  // by statement
  using Calendar = std::map<std::int64_t, std::vector<std::pair<std::int64_t, Word>>>;  // by cycle: row of stations
  Calendar entering_, to_all_columns_;
  std::vector<Word> words_;  // arriving in this cycle
  std::vector<std::int32_t> at_, phase_, left_;
  std::vector<char> takes_in_;                               // by station: what it is at
  std::vector<std::int64_t> registers_in_use_;               // by station
  std::map<int, std::vector<std::int64_t>> registers_held_;  // by statement: its results, by station
  std::deque<IssuedOperation> under_way_;
  std::int32_t issued_ = 0;
  std::vector<Engine> engines_;
  std::int64_t accepted_ = 0;
  std::int64_t last_accept_ = -1;
  std::vector<UnloadChain> unloading_;
  std::vector<std::int32_t> finished_in_row0_;  // of the PEs, in the cycle before
  std::size_t most_unloading_ = 0;
  std::int64_t busy_ = 0, stepped_ = 0, idle_since_ = 0;
};

}  // namespace einloom
