// SPDX-License-Identifier: Apache-2.0
// Arrays with a controller: the Einsums of one body are one instruction. They start together when it is accepted; the
// last one holds the array's issue slot until the next instruction may be accepted.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/suggest.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

class InstructionFormer {
 public:
  explicit InstructionFormer(Lowering& lowering) : lowering_(lowering), statements_(lowering.program.statements) {}

  void run() {
    std::map<int, std::int64_t> accepted;  // instances of instructions, by array
    for (std::size_t s = 0; s < statements_.size(); ++s) {
      Statement& statement = statements_[s];
      if (statement.kind != StatementKind::operation) continue;
      const PeArray& array = lowering_.array(statement.array);
      if (!name_instruction(statement, *lowering_.binding_of.at(statement.name), array)) continue;
      const std::vector<int> members = members_of(statement);
      if (members.front() == static_cast<int>(s)) accepted[statement.array] += statement.instances;
      if (members.back() == static_cast<int>(s)) hold_slot(members, array);
    }
    lowering_.diagnostics.throw_if_any();
    // Body executions number the instructions, so there must be one in each.
    for (const auto& [array, instances] : accepted) {
      if (instances == lowering_.program.iterations) continue;
      lowering_.diagnostics
          .error("instruction-sparse", lowering_.plan.nests.front().span,
                 fmt::format("`{}` takes one instruction in every body execution; {} of {} have one",
                             lowering_.array(array).name, instances, lowering_.program.iterations))
          .with_help("give each instruction a nest of its own, in loops that index all of it");
    }
    lowering_.diagnostics.throw_if_any();
  }

 private:
  // Sets Statement::instruction; false when there is none, or none that may be used (reported).
  bool name_instruction(Statement& statement, const Binding& binding, const PeArray& array) {
    if (!array.controller) {
      if (!binding.instruction) return false;
      lowering_.diagnostics
          .error("array-no-controller", binding.instruction->span,
                 fmt::format("`{}` is bound to an instruction of `{}`, which has no controller", statement.name,
                             array.name))
          .note(fmt::format("`{}` declared here", array.name), array.span);
      return false;
    }
    std::vector<std::string> names;
    for (const auto& [name, instruction] : array.controller->instructions) names.push_back(name);
    if (!binding.instruction) {
      lowering_.diagnostics
          .error("instruction-missing", binding.array.span,
                 fmt::format("`{}` is bound to `{}`, which works on instructions; its binding names none",
                             statement.name, array.name))
          .note("instructions declared here", array.controller->span)
          .with_help(fmt::format("add `instruction: …`, one of {}", joined(names)));
      return false;
    }
    if (array.controller->instructions.count(binding.instruction->text) == 0) {
      lowering_.diagnostics
          .error("instruction-unknown", binding.instruction->span,
                 fmt::format("`{}` has no instruction `{}`", array.name, binding.instruction->text))
          .note("instructions declared here", array.controller->span)
          .with_help(suggestion(binding.instruction->text, names));
      return false;
    }
    statement.instruction = binding.instruction->text;
    const Statement& first = statements_[static_cast<std::size_t>(members_of(statement).front())];
    if (&first != &statement && !first.instruction.empty() &&
        (first.instruction != statement.instruction || first.guards != statement.guards)) {
      lowering_.diagnostics
          .error("instruction-mixed", binding.instruction->span,
                 first.guards != statement.guards
                     ? fmt::format("`{}` and `{}` stand in one body but do not act in the same iterations of its loops",
                                   first.name, statement.name)
                     : fmt::format("`{}` and `{}` stand in one body, which is one instruction; they are bound to `{}` "
                                   "and `{}`",
                                   first.name, statement.name, first.instruction, statement.instruction))
          .with_help(fmt::format("give `{}` a nest of its own", statement.name));
    }
    return true;
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  // Einsums of the statement's body on its array.
  std::vector<int> members_of(const Statement& statement) const {
    std::vector<int> members;
    for (std::size_t s = 0; s < statements_.size(); ++s) {
      const Statement& other = statements_[s];
      if (other.kind == StatementKind::operation && other.array == statement.array && other.loops == statement.loops &&
          other.body_offset == statement.body_offset) {
        members.push_back(static_cast<int>(s));
      }
    }
    return members;
  }

  // The instruction table says everything about time: what the Einsums take by themselves is dropped.
  void hold_slot(const std::vector<int>& members, const PeArray& array) {
    const auto holder = static_cast<std::size_t>(members.back());
    const Instruction& instruction = array.controller->instructions.at(statements_[holder].instruction);
    std::int64_t most_pes = 0;
    for (int member : members) {
      for (const Work& work : statements_[static_cast<std::size_t>(member)].variants) {
        most_pes = std::max(most_pes, work.pes);
      }
    }
    for (int member : members) {
      for (Work& work : statements_[static_cast<std::size_t>(member)].variants) {
        work.duration_cycles = member == members.back() ? array.controller->hold_cycles(instruction) : 0;
        work.tail_cycles = instruction.busy_cycles + 1 - work.duration_cycles;
        work.slot_pes = most_pes;
      }
    }
  }

  Lowering& lowering_;
  std::vector<Statement>& statements_;
};

}  // namespace

void form_instructions(Lowering& lowering) { InstructionFormer(lowering).run(); }

}  // namespace einloom
