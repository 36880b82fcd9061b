// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/trace_arguments.hpp"

namespace einloom::cli {
namespace {

constexpr std::int64_t kMostIdleCycles = 1'000'000'000'000;

}  // namespace

void add_trace_options(CLI::App& command, TraceArguments& arguments) {
  add_option(command, "--trace", arguments.json,
             "Chrome trace JSON of the run, for ui.perfetto.dev: 1 cycle is shown as 1 us. One point only; every "
             "iteration that is traced is stepped, as with --no-fast-forward")
      .placeholder("FILE.json");
  add_option(command, "--vcd", arguments.vcd, "The same as a value change dump, for GTKWave: 1 ns is 1 cycle")
      .placeholder("FILE.vcd");
  add_option(command, "--trace-cycles", arguments.cycles,
             "Only these cycles, FROM up to but without TO; later ones are fast-forwarded")
      .placeholder("FROM:TO");
}

void add_max_idle_option(CLI::App& command, std::int64_t& max_idle_cycles) {
  add_option(command, "--max-idle", max_idle_cycles,
             "Give up when nothing has run or moved for so many cycles, and say who waits for what")
      .in_range(std::int64_t{1}, kMostIdleCycles)
      .shows_default()
      .placeholder("CYCLES");
}

TraceOptions read_trace_options(const TraceArguments& arguments, const CommandLine& command_line) {
  TraceOptions options;
  options.json = arguments.json;
  options.vcd = arguments.vcd;
  options.json_span = command_line.span_of("--trace");
  options.vcd_span = command_line.span_of("--vcd");
  if (arguments.cycles.empty()) return options;
  const Span where = command_line.span_of("--trace-cycles");
  options.window = parse_trace_window(arguments.cycles, where);
  if (options.any()) return options;
  throw UserError(Diagnostic{"command-line",
                             "`--trace-cycles` limits a trace, and none is asked for",
                             where,
                             {},
                             "add `--trace FILE.json` or `--vcd FILE.vcd`"});
}

}  // namespace einloom::cli
