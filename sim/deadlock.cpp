// SPDX-License-Identifier: Apache-2.0
#include "sim/deadlock.hpp"

#include <fmt/format.h>

namespace einloom {
namespace {

std::string position_text(const Program& program, const Statement& statement,
                          const std::vector<std::int64_t>& position) {
  std::string text;
  for (std::size_t e = 0; e < position.size(); ++e) {
    const int loop = statement.loops[static_cast<std::size_t>(statement.effective[e])];
    text +=
        fmt::format("{}{} = {}", e == 0 ? "" : ", ", program.loops[static_cast<std::size_t>(loop)].name(), position[e]);
  }
  return text;
}

std::string reason(const Program& program, const Dependence& edge) {
  const std::string& producer = program.statements[static_cast<std::size_t>(edge.producer)].name;
  switch (edge.kind) {
    case DependenceKind::data:
      return fmt::format("the result of `{}`", producer);
    case DependenceKind::slot: {
      const Storage& storage = program.storages[static_cast<std::size_t>(edge.storage)];
      const std::string place =
          storage.memory >= 0 ? program.memories[static_cast<std::size_t>(storage.memory)] : "the registers";
      return fmt::format("a free slot of `{}` in {} ({} in all), held until `{}` has used it",
                         program.tensors[static_cast<std::size_t>(storage.tensor)], place, storage.slots, producer);
    }
    case DependenceKind::engine:
      return fmt::format("the engines of instruction `{}`",
                         program.statements[static_cast<std::size_t>(edge.producer)].instruction);
    case DependenceKind::iteration:
      return fmt::format("`{}` to finish an earlier iteration ({} in flight)", producer, edge.shift);
  }
  return "";
}

}  // namespace

UserError deadlock(const RunState& run, std::int64_t now) {
  const Program& program = run.program;
  Diagnostic diagnostic;
  diagnostic.code = "deadlock";
  diagnostic.message =
      fmt::format("plan `{}` blocks itself at cycle {}: nothing can start any more", program.plan, now);
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Head& head = run.board.head(static_cast<int>(s));
    if (head.done) continue;
    if (diagnostic.span.file == nullptr) diagnostic.span = program.statements[s].span;
    for (int d : run.board.incoming(static_cast<int>(s))) {
      if (run.board.is_met(d, now)) continue;
      diagnostic.note(fmt::format("`{}` ({}) waits for {}", program.statements[s].name,
                                  position_text(program, program.statements[s], head.position),
                                  reason(program, program.dependences[static_cast<std::size_t>(d)])));
      break;
    }
  }
  diagnostic.with_help("give the tensors named above more slots, or allow more iterations in flight");
  return UserError(diagnostic);
}

}  // namespace einloom
