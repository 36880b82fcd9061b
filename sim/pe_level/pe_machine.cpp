// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/pe_machine.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "base/diagnostic.hpp"
#include "sim/banked_bus.hpp"
#include "sim/deadlock.hpp"

namespace einloom {
namespace {

class PeMachine : public RunListener {
 public:
  PeMachine(RunState& run, const Cascade& cascade, const StartObserver& observer, ValueLayer* values, int hurried)
      : run_(run),
        geometry_(run.program, run.machine, cascade),
        observations_(observations(run.program, run.machine, cascade)),
        schedules_(instruction_schedules(run.program, run.machine, cascade)),
        observer_(observer),
        values_(values),
        hurried_(hurried),
        channel_(run) {
    run_.board.expect_arrivals();
    for (std::size_t a = 0; a < run.program.arrays.size(); ++a) {
      corners_.emplace_back(run, static_cast<int>(a));
      look_at_.push_back(0);
      const PeArray& array = run.machine.arrays[a];
      if (array.controller) {
        arrays_.emplace_back(std::in_place_type<InstructionGrid>, run.program, array, schedules_);
      } else {
        arrays_.emplace_back(std::in_place_type<PeGrid>, array.rows, array.columns);
      }
    }
    for (const Statement& statement : run.program.statements) {
      unloads_.push_back(statement.kind == StatementKind::operation && has_to_unload(statement));
    }
    run_.listeners.push_back(this);
    run_.observer = [this](int statement, std::int64_t index, std::int64_t now, std::int64_t end) {
      if (run_.program.statements[static_cast<std::size_t>(statement)].kind == StatementKind::operation) {
        issue(statement, index, now, end);
      } else {
        moved(statement, index, now, end);
      }
    };
  }

  ~PeMachine() override { std::erase(run_.listeners, this); }

  void move_begins(RunState& /*run*/, int statement, std::int64_t now) override {
    if (values_ != nullptr) values_->starts(statement, run_.board, now);
  }

  PeRunResult run() {
    for (std::int64_t now = 0; !is_done(); ++now) {
      now_ = now;
      bool may_go_on = step_corners(now);
      for (std::size_t a = 0; a < arrays_.size(); ++a) {
        may_go_on = may_go_on || !is_idle(arrays_[a]);
        step_array(a, now);
      }
      if (!may_go_on && !news_is_under_way(now) && !run_.board.all_done()) throw deadlock(run_, last_look_);
    }
    return result();
  }

 private:
  using Array = std::variant<PeGrid, InstructionGrid>;

  static bool is_idle(const Array& array) {
    return std::visit([](const auto& each) { return each.is_idle(); }, array);
  }

  // Does somebody read the tile elsewhere than in the PEs that computed it?
  bool has_to_unload(const Statement& producer) const {
    if (!geometry_.unloads(producer)) return false;
    if (producer.result_memory >= 0) return true;
    for (const Statement& consumer : run_.program.statements) {
      if (consumer.kind != StatementKind::operation) continue;
      for (const Access* access : geometry_.accesses(consumer)) {
        if (access->tensor == geometry_.einsum(producer).name() && !geometry_.stays(producer, consumer, *access)) {
          return true;
        }
      }
    }
    return false;
  }

  bool is_done() const {
    return run_.board.all_done() && channel_.is_idle() &&
           std::all_of(arrays_.begin(), arrays_.end(), [](const Array& array) { return is_idle(array); });
  }

  // Decisions of one cycle: DRAM's, then every corner's. False when nobody knows when to look again.
  bool step_corners(std::int64_t now) {
    const Wake nobody = [](int, std::int64_t) {};
    std::int64_t again = now;
    while (again <= now) again = channel_.step(now, nobody);
    if (again != kNever) last_look_ = std::max(last_look_, again);
    bool known = again != kNever;
    for (std::size_t a = 0; a < corners_.size(); ++a) {
      while (look_at_[a] <= now) {  // again, where Einsums of one instruction start together
        look_at_[a] = corners_[a].step(now, nobody);
        last_look_ = std::max(last_look_, now);
      }
      known = known || look_at_[a] != kNever;
    }
    return known;
  }

  bool news_is_under_way(std::int64_t now) const { return latest_news_ > now; }

  void issue(int statement, std::int64_t index, std::int64_t now, std::int64_t end) {
    const Head& head = run_.board.head(statement);
    const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
    IssuedOperation operation;
    operation.statement = statement;
    operation.instance = index;
    operation.iteration = head.iteration;
    operation.start = now;
    operation.position = head.position;
    operation.map = &map_of(statement, head.variant);
    operation.unloads = unloads_[static_cast<std::size_t>(statement)] != 0;
    if (values_ != nullptr) values_->starts(statement, run_.board, now);
    Array& array = arrays_[static_cast<std::size_t>(what.array)];
    if (auto* by_instruction = std::get_if<InstructionGrid>(&array)) {
      by_instruction->issue(operation, now);
      if (end == now) tell(operation, Seen::slot_over, now);  // the last Einsum has the instruction's slot
      return;
    }
    ensure(operation.map->cycles() == end - now, "an operation's issue slot is as long as its PEs work");
    std::get<PeGrid>(array).issue(std::move(operation));
  }

  // Something shows of an operation.
  void tell(const IssuedOperation& operation, Seen event, std::int64_t time) {
    if ((event == Seen::first_pe || event == Seen::slot_over) && observer_) {
      observer_(operation.statement, operation.instance, operation.start, time);
    }
    for (int d : run_.board.outgoing(operation.statement)) {
      const Observation& seen = observations_[static_cast<std::size_t>(d)];
      if (seen.event == event) arrive(d, time + seen.delay_cycles);
    }
  }

  void moved(int statement, std::int64_t index, std::int64_t now, std::int64_t done) {
    const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
    if (values_ != nullptr) values_->moved(statement, index, now, done);
    // A banked DRAM has a store's bytes when it is done, a simple one its latency later.
    const std::int64_t latency = what.kind == StatementKind::store && channel_.banked() == nullptr
                                     ? run_.machine.memories[static_cast<std::size_t>(what.to)].latency.value()
                                     : 0;
    end_of_moves_ = std::max(end_of_moves_, done + latency);
    for (int d : run_.board.outgoing(statement)) {
      arrive(d, done + observations_[static_cast<std::size_t>(d)].delay_cycles);
    }
    if (observer_) observer_(statement, index, now, done);
  }

  void step_array(std::size_t a, std::int64_t now) {
    const auto on_event = [this](const IssuedOperation& operation, Seen event, std::int64_t time) {
      tell(operation, event, time);
    };
    PeGrid::OnRowOut on_row_out;
    if (values_ != nullptr) {
      on_row_out = [this](const IssuedOperation& operation, std::int64_t row, std::int64_t column, std::int64_t time) {
        values_->row_out(operation, row, column, time);
      };
    }
    std::visit(
        [&](auto& array) {
          PeGrid::OnCycle on_cycle;
          if (values_ != nullptr) {
            on_cycle = [&](std::int64_t cycle) { values_->cycle(static_cast<int>(a), array, cycle); };
          }
          array.step(now, on_event, on_cycle, on_row_out);
        },
        arrays_[a]);
  }

  void arrive(int dependence, std::int64_t time) {
    if (dependence == hurried_) --time;
    latest_news_ = std::max(latest_news_, time);
    run_.board.arrive(dependence, time, now_, [this](int statement, std::int64_t when) {
      const int array = run_.program.statements[static_cast<std::size_t>(statement)].array;
      last_look_ = std::max(last_look_, when);
      if (array < 0) return;  // DRAM looks in every cycle
      const auto a = static_cast<std::size_t>(array);
      if (when > corners_[a].free_at() || !corners_[a].has_started()) look_at_[a] = std::min(look_at_[a], when);
    });
  }

  const SpaceTime& map_of(int statement, unsigned variant) {
    const auto key = std::pair(statement, variant);
    const auto found = maps_.find(key);
    if (found != maps_.end()) return found->second;
    const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
    return maps_.emplace(key, space_time_of(what, geometry_.array(what), variant)).first->second;
  }

  PeRunResult result() {
    PeRunResult found;
    std::int64_t end = end_of_moves_;
    for (const PortQueue& port : run_.ports) end = std::max(end, port.drained_at());
    for (std::size_t a = 0; a < arrays_.size(); ++a) {
      std::visit(
          [&](const auto& array) {
            end = std::max(end, array.idle_since());
            found.busy_pe_cycles.push_back(array.busy_pe_cycles());
            found.pe_cycles += array.pe_cycles();
            found.most_unloading = std::max(found.most_unloading, array.most_unloading());
          },
          arrays_[a]);
      found.run.first_start.push_back(corners_[a].has_started() ? corners_[a].first_start() : 0);
      found.run.last_end.push_back(corners_[a].free_at());
    }
    if (BankedBus* banked = channel_.banked()) banked->count(end);
    found.run.cycles = end;
    return found;
  }

  RunState& run_;
  const Geometry geometry_;
  const std::vector<Observation> observations_;  // by dependence
  const std::vector<InstructionSchedule> schedules_;
  const StartObserver& observer_;
  ValueLayer* values_;
  const int hurried_;  // dependence
  ChannelUnit channel_;
  std::vector<ArrayUnit> corners_;
  std::vector<std::int64_t> look_at_;  // by array: when its corner decides next; kNever: when news arrives
  std::vector<Array> arrays_;
  std::vector<char> unloads_;  // by statement
  std::map<std::pair<int, unsigned>, SpaceTime> maps_;
  std::int64_t now_ = 0, latest_news_ = 0, last_look_ = 0, end_of_moves_ = 0;
};

}  // namespace

PeRunResult run_pe_machine(RunState& run, const Cascade& cascade, const StartObserver& observer, ValueLayer* values,
                           int hurried) {
  return PeMachine(run, cascade, observer, values, hurried).run();
}

}  // namespace einloom
