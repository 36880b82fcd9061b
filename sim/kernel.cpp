// SPDX-License-Identifier: Apache-2.0
#include "sim/kernel.hpp"

#include <algorithm>
#include <cstdlib>
#include <systemc>

#include "sim/banked_bus.hpp"
#include "sim/components/unit_module.hpp"
#include "sim/deadlock.hpp"
#include "sim/fast_forward.hpp"

// libsystemc's own main() wants one; ours is in experiments/cli.
int sc_main(int, char**) { return 0; }

namespace einloom {
namespace {

// A simulation context of its own for one run.
class FreshContext {
 public:
  FreshContext() : before_(sc_core::sc_curr_simcontext) {
    static const bool quiet = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1) == 0;
    static_cast<void>(quiet);
    sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  }
  ~FreshContext() { sc_core::sc_curr_simcontext = before_; }  // SystemC leaks its context; tests/support/lsan.supp
  FreshContext(const FreshContext&) = delete;
  FreshContext& operator=(const FreshContext&) = delete;

 private:
  sc_core::sc_simcontext* before_;
};

class MachineModel {
 public:
  explicit MachineModel(RunState& run) : run_(run), module_of_(run.program.statements.size(), -1) {
    wake_ = [this](int statement, std::int64_t time) { wake(statement, time); };
    for (std::size_t a = 0; a < run.program.arrays.size(); ++a) {
      arrays_.push_back(std::make_unique<UnitModule<ArrayUnit>>(run.program.arrays[a].c_str(),
                                                                ArrayUnit(run, static_cast<int>(a)), clock_, wake_));
      for (int statement : arrays_.back()->unit().statements()) {
        module_of_[static_cast<std::size_t>(statement)] = static_cast<int>(a);
      }
    }
    channel_ = std::make_unique<UnitModule<ChannelUnit>>("dram_channel", ChannelUnit(run), clock_, wake_);
  }

  RunResult run(const RunOptions& options) {
    std::vector<ArrayUnit*> units;
    for (auto& module : arrays_) units.push_back(&module->unit());
    FastForward forward(run_, units, channel_->unit());
    run_.max_idle_cycles = options.max_idle_cycles;
    if (options.step_until > 0) sc_core::sc_start(clock_.delay(options.step_until), sc_core::SC_EXIT_ON_STARVATION);
    if (options.fast_forward) forward.watch();
    while (true) {
      sc_core::sc_start();  // until a pause at a boundary, or until nothing is left to happen
      if (run_.is_idle(clock_.now()) && !run_.board.all_done()) throw no_progress(run_, clock_.now());
      if (run_.boundary_loops.empty()) break;
      const std::vector<int> loops = run_.boundary_loops;
      run_.boundary_loops.clear();
      const std::int64_t skipped = forward.consider(loops, clock_.now());
      clock_.skip(skipped);
      for (RunListener* listener : run_.listeners) listener->skipped(skipped);
      if (!sc_core::sc_pending_activity()) break;
    }
    if (!run_.board.all_done()) throw deadlock(run_, clock_.now());
    for (const PortQueue& port : run_.ports) run_.end_of_run = std::max(run_.end_of_run, port.drained_at());
    if (BankedBus* banked = channel_->unit().banked()) banked->count(run_.end_of_run);
    RunResult result;
    result.cycles = run_.end_of_run;
    for (ArrayUnit* unit : units) {
      result.first_start.push_back(unit->has_started() ? unit->first_start() : 0);
      result.last_end.push_back(unit->free_at());
    }
    return result;
  }

  // Called after every start: boundaries stop the kernel at the end of this cycle.
  void pause_at_boundary() {
    if (!run_.boundary_loops.empty()) sc_core::sc_pause();
  }

 private:
  void wake(int statement, std::int64_t time) {
    const int module = module_of_[static_cast<std::size_t>(statement)];
    if (module < 0) {
      channel_->wake_at(time);
    } else if (time > arrays_[static_cast<std::size_t>(module)]->unit().free_at() ||
               !arrays_[static_cast<std::size_t>(module)]->unit().has_started()) {
      arrays_[static_cast<std::size_t>(module)]->wake_at(time);  // a busy array looks by itself when it falls free
    }
  }

  RunState& run_;
  CycleClock clock_;
  Wake wake_;
  std::vector<std::unique_ptr<UnitModule<ArrayUnit>>> arrays_;
  std::unique_ptr<UnitModule<ChannelUnit>> channel_;
  std::vector<int> module_of_;
};

}  // namespace

RunResult run_machine(RunState& run, const RunOptions& options) {
  FreshContext context;
  MachineModel model(run);
  run.after_start = [&model] { model.pause_at_boundary(); };
  return model.run(options);
}

}  // namespace einloom
