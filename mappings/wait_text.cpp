// SPDX-License-Identifier: Apache-2.0
#include "mappings/wait_text.hpp"

#include <fmt/format.h>

namespace einloom {

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

std::string instance_text(const Program& program, const Statement& statement,
                          const std::vector<std::int64_t>& position) {
  const std::string where = position_text(program, statement, position);
  return fmt::format("`{}`{}", statement.name, where.empty() ? "" : fmt::format(" ({})", where));
}

std::string wait_text(const Program& program, const Dependence& edge) {
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

}  // namespace einloom
