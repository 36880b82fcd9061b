// SPDX-License-Identifier: Apache-2.0
// The arguments about traces, and --max-idle, of the commands that simulate a single point.
// Contract: values are checked when they are read.
#pragma once

#include <cstdint>
#include <string>

#include "experiments/cli/command_line.hpp"
#include "experiments/trace/traces.hpp"

namespace einloom::cli {

struct TraceArguments {
  std::string json, vcd, cycles;
};

void add_trace_options(CLI::App& command, TraceArguments& arguments);
void add_max_idle_option(CLI::App& command, std::int64_t& max_idle_cycles);

// UserError trace-window.
[[nodiscard]] TraceOptions read_trace_options(const TraceArguments& arguments, const CommandLine& command_line);

}  // namespace einloom::cli
