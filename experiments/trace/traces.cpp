// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/traces.hpp"

#include <fmt/format.h>

#include "experiments/trace/trace_json.hpp"
#include "experiments/trace/trace_vcd.hpp"
#include "mappings/lower.hpp"

namespace einloom {

Traces::Traces(const TraceOptions& options, const Point& point) : options_(options) {
  if (options.any() && point.fidelity != Fidelity::cycle) {
    throw UserError(
        Diagnostic{"trace-needs-cycle",
                   fmt::format("the point is of fidelity {}, which adds up phases: there is nothing to trace",
                               name_of(point.fidelity)),
                   options.json.empty() ? options.vcd_span : options.json_span,
                   {},
                   "choose `--fidelity cycle`"});
  }
  if (!options.json.empty()) {
    listeners_.push_back(std::make_unique<TraceJson>(options.json, options.json_span, options.window, point.label()));
  }
  if (!options.vcd.empty()) {
    listeners_.push_back(std::make_unique<TraceVcd>(options.vcd, options.vcd_span, options.window, point.label()));
  }
}

void Traces::listen(SimulationOptions& simulation) const {
  for (const auto& listener : listeners_) simulation.listeners.push_back(listener.get());
  if (listeners_.empty()) return;
  // Behind the window periods may be skipped: nobody looks.
  if (options_.window.is_limited()) {
    simulation.step_until = options_.window.to;
  } else {
    simulation.fast_forward = false;
  }
}

void trace_point(const TraceOptions& options, const Point& point, std::uint64_t seed,
                 const SimulationOptions& simulation) {
  const Traces traces(options, point);
  SimulationOptions traced = simulation;
  traces.listen(traced);
  const Program program =
      lower(*point.cascade, *point.machine, *point.plan, point.workload, point.dtype, point.where, seed);
  static_cast<void>(simulate(program, *point.machine, traced));
}

}  // namespace einloom
