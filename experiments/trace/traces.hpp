// SPDX-License-Identifier: Apache-2.0
// The trace files a command was asked for, as listeners of a run.
// Contract: a traced run is stepped as far as the trace goes; files appear when the run has ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/point.hpp"
#include "experiments/trace/trace_window.hpp"
#include "sim/simulate.hpp"

namespace einloom {

struct TraceOptions {
  std::string json, vcd;  // paths; "" for none
  Span json_span, vcd_span;
  TraceWindow window;

  [[nodiscard]] bool any() const { return !json.empty() || !vcd.empty(); }
};

class Traces {
 public:
  // UserError output-unwritable; trace-needs-cycle when the point is of another fidelity.
  Traces(const TraceOptions& options, const Point& point);
  // Makes a simulation tell them.
  void listen(SimulationOptions& simulation) const;

 private:
  const TraceOptions& options_;
  std::vector<std::unique_ptr<RunListener>> listeners_;
};

// Runs the point for its traces alone.
void trace_point(const TraceOptions& options, const Point& point, std::uint64_t seed,
                 const SimulationOptions& simulation);

}  // namespace einloom
