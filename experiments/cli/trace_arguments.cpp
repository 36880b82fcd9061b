// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/trace_arguments.hpp"

namespace einloom::cli {
namespace {

constexpr std::int64_t kMostIdleCycles = 1'000'000'000'000;

}  // namespace

void add_trace_options(CLI::App& command, TraceArguments& arguments) {
  command
      .add_option("--trace", arguments.json,
                  "Chrome trace JSON of the run, for ui.perfetto.dev: 1 cycle is shown as 1 us. One point only; every "
                  "iteration that is traced is stepped, as with --no-fast-forward")
      ->type_name("FILE.json");
  command.add_option("--vcd", arguments.vcd, "The same as a value change dump, for GTKWave: 1 ns is 1 cycle")
      ->type_name("FILE.vcd");
  command
      .add_option("--trace-cycles", arguments.cycles,
                  "Only these cycles, FROM up to but without TO; later ones are fast-forwarded")
      ->type_name("FROM:TO");
}

void add_max_idle_option(CLI::App& command, std::int64_t& max_idle_cycles) {
  command
      .add_option("--max-idle", max_idle_cycles,
                  "Give up when nothing has run or moved for so many cycles, and say who waits for what")
      ->check(CLI::Range(std::int64_t{1}, kMostIdleCycles))
      ->capture_default_str()
      ->type_name("CYCLES");
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
