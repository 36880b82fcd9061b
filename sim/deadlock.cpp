// SPDX-License-Identifier: Apache-2.0
#include "sim/deadlock.hpp"

#include <fmt/format.h>

#include "mappings/wait_text.hpp"

namespace einloom {
namespace {

void add_waiting(const RunState& run, std::int64_t now, Diagnostic& diagnostic) {
  const Program& program = run.program;
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Head& head = run.board.head(static_cast<int>(s));
    if (head.done) continue;
    if (diagnostic.span.file == nullptr) diagnostic.span = program.statements[s].span;
    bool waits = false;
    for (int d : run.board.incoming(static_cast<int>(s))) {
      if (run.board.is_met(d, now)) continue;
      waits = true;
      const std::int64_t met_at = run.board.met_at(d);
      diagnostic.note(fmt::format("{} waits for {}{}", instance_text(program, program.statements[s], head.position),
                                  wait_text(program, program.dependences[static_cast<std::size_t>(d)]),
                                  met_at == kNever ? "" : fmt::format(", there at cycle {}", met_at)));
      break;
    }
    if (waits) continue;
    diagnostic.note(
        fmt::format("{} could start only now", instance_text(program, program.statements[s], head.position)));
  }
}

}  // namespace

UserError deadlock(const RunState& run, std::int64_t now) {
  Diagnostic diagnostic;
  diagnostic.code = "deadlock";
  diagnostic.message =
      fmt::format("plan `{}` blocks itself at cycle {}: nothing can start any more", run.program.plan, now);
  add_waiting(run, now, diagnostic);
  diagnostic.with_help("give the tensors named above more slots, or allow more iterations in flight");
  return UserError(diagnostic);
}

UserError no_progress(const RunState& run, std::int64_t now) {
  Diagnostic diagnostic;
  diagnostic.code = "no-progress";
  diagnostic.message = fmt::format("plan `{}` makes no progress: since cycle {} nothing has run or moved for {} cycles",
                                   run.program.plan, run.busy_until, now - run.busy_until);
  add_waiting(run, now, diagnostic);
  diagnostic.with_help(
      fmt::format("if the machine's latencies are meant to be that long, allow more than {} cycles "
                  "with `--max-idle`",
                  run.max_idle_cycles));
  return UserError(diagnostic);
}

}  // namespace einloom
