// SPDX-License-Identifier: Apache-2.0
// Nests of the plan → the loop tree and its operation statements, each with the iterations it acts in.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "einsum/counts.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

class NestBuilder {
 public:
  explicit NestBuilder(Lowering& lowering) : lowering_(lowering) {}

  void run() {
    for (const NestNode& nest : lowering_.plan.nests) volume_ += build(nest, -1, volume_, {});
    lowering_.program.iterations = volume_;
    for (const Einsum& einsum : lowering_.cascade.einsums()) {
      if (lowering_.statement_of.count(einsum.name()) != 0 || unknown_einsum_) continue;
      lowering_.diagnostics
          .error("einsum-missing", lowering_.plan.span,
                 fmt::format("no nest runs Einsum `{}`; every Einsum of `{}` must run once", einsum.name(),
                             lowering_.cascade.name()))
          .with_help(fmt::format("add `{}` to the body of a nest", einsum.name()));
    }
    lowering_.diagnostics.throw_if_any();
  }

 private:
  // Adds the loops of `nest` and its body; returns the body executions of the whole nest.
  std::int64_t build(const NestNode& nest, int parent, std::int64_t offset, std::vector<int> path) {
    const std::size_t first_loop = lowering_.program.loops.size();
    for (const Name& name : nest.loops) {
      const LoopDigit* digit = find_digit(name.text);
      if (digit == nullptr) {
        lowering_.diagnostics
            .error("loop-unknown", name.span,
                   fmt::format("no rank of this plan is cut into loops over `{}`", name.text))
            .with_help(loop_help(name.text));
        unknown_loop_ = true;
        continue;
      }
      for (int outer : path) {
        if (lowering_.loop(outer).digits.front().variable == name.text) {
          lowering_.diagnostics.error("loop-repeated", name.span,
                                      fmt::format("a loop over `{}` is already open here", name.text));
        }
      }
      ProgramLoop loop;
      loop.digits = {*digit};
      loop.trip = digit->trip;
      loop.parent = parent;
      parent = static_cast<int>(lowering_.program.loops.size());
      lowering_.program.loops.push_back(loop);
      path.push_back(parent);
    }
    std::int64_t inside = 0;  // body executions in one iteration of the innermost loop
    bool in_group = false;    // consecutive Einsums are one body
    for (const NestItem& item : nest.body) {
      // Without loops of its own the nest continues the surrounding body's numbering.
      const std::int64_t base = nest.loops.empty() ? offset : 0;
      if (const NestNode* inner = std::get_if<NestNode>(&item)) {
        inside += build(*inner, parent, base + inside, path);
        in_group = false;
      } else {
        if (!in_group) ++inside;
        in_group = true;
        add_operation(std::get<Name>(item), path, base + inside - 1);
      }
    }
    std::int64_t volume = inside;
    for (std::size_t i = lowering_.program.loops.size(); i-- > 0;) {
      // Loops of this nest, innermost first.
      if (i < first_loop || std::find(path.begin(), path.end(), static_cast<int>(i)) == path.end()) continue;
      if (i >= first_loop + nest.loops.size()) continue;
      ProgramLoop& loop = lowering_.program.loops[i];
      loop.volume = volume;
      loop.offset = i == first_loop ? offset : 0;
      volume *= loop.trip;
    }
    return volume;
  }

  void add_operation(const Name& name, const std::vector<int>& path, std::int64_t body_offset) {
    const int position = lowering_.cascade.einsum_position(name.text);
    if (position < 0) {
      std::vector<std::string> names;
      for (const Einsum& einsum : lowering_.cascade.einsums()) names.push_back(einsum.name());
      lowering_.diagnostics
          .error("einsum-unknown", name.span,
                 fmt::format("cascade `{}` has no Einsum `{}`", lowering_.cascade.name(), name.text))
          .with_help(suggestion(name.text, names));
      unknown_einsum_ = true;
      return;
    }
    if (lowering_.statement_of.count(name.text) != 0) {
      lowering_.diagnostics.error("einsum-repeated", name.span,
                                  fmt::format("Einsum `{}` runs in two places; it must run once", name.text));
      return;
    }
    const Einsum& einsum = lowering_.cascade.einsums()[static_cast<std::size_t>(position)];
    Statement statement;
    statement.kind = StatementKind::operation;
    statement.name = name.text;
    statement.einsum = position;
    statement.tensor = lowering_.tensor_index(name.text);
    statement.array = lowering_.array_index(lowering_.binding_of.at(name.text)->array.text);
    statement.loops = path;
    statement.body_offset = body_offset;
    statement.span = name.span;
    for (int loop : path) statement.guards.push_back(guard_of(einsum, loop));
    check_covered(einsum, name, path);
    check_order(einsum, name);
    lowering_.statement_of[name.text] = static_cast<int>(lowering_.program.statements.size());
    lowering_.program.statements.push_back(statement);
  }

  // every: the loop advances an index of the Einsum. last: something it reads comes out of that loop. first: otherwise.
  Guard guard_of(const Einsum& einsum, int loop) {
    const std::vector<std::string> variables = einsum.variables();
    for (const std::string& variable : variables) {
      if (lowering_.advances(loop, variable)) return Guard::every;
    }
    for (const Access* access : operand_accesses(lowering_.cascade, lowering_.cascade.einsum_position(einsum.name()))) {
      const auto producer = lowering_.statement_of.find(access->tensor);
      if (producer == lowering_.statement_of.end()) continue;
      const Statement& statement = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
      for (std::size_t i = 0; i < statement.loops.size(); ++i) {
        if (statement.loops[i] == loop && statement.guards[i] != Guard::first) return Guard::last;
      }
    }
    return Guard::first;
  }

  // Every loop that a dimension of the Einsum is cut into must be open, have a single iteration, or lie inside the
  // tile: the binding gives it a place, and no loop inside it is open.
  void check_covered(const Einsum& einsum, const Name& name, const std::vector<int>& path) {
    if (unknown_loop_) return;  // most likely the one that would be missing here
    for (const std::string& variable : einsum.variables()) {
      const Dimension& dimension = lowering_.dimensions.at(variable);
      const bool untiled = dimension.loops.size() == 1 && dimension.loops.front().variable == variable;
      bool inside_open = false;
      for (std::size_t i = dimension.loops.size(); i-- > 0;) {  // innermost first
        const LoopDigit& digit = dimension.loops[i];
        const bool open = std::any_of(path.begin(), path.end(), [&](int loop) {
          return lowering_.loop(loop).digits.front().variable == digit.variable;
        });
        inside_open = inside_open || open;
        if (open || digit.trip == 1) continue;
        const bool whole = !is_iterative(variable) || is_outer_part_alone(einsum, variable);
        if (whole && !inside_open && (untiled || is_placed(einsum, digit.variable))) continue;
        lowering_.diagnostics
            .error("loop-missing", name.span,
                   fmt::format("`{}` runs over {} values of `{}`, but no loop over `{}` encloses it", einsum.name(),
                               digit.trip, digit.variable, digit.variable))
            .with_help(fmt::format("add `{}` to the loops of its nest", digit.variable));
      }
    }
  }

  // Does the Einsum's binding name this level, or all of the index?
  bool is_placed(const Einsum& einsum, const std::string& level) const {
    const Binding& binding = *lowering_.binding_of.at(einsum.name());
    const std::string variable = lowering_.index_level(level).variable;
    const auto names = [&](const Name& name) { return name.text == level || name.text == variable; };
    return (binding.rows && names(*binding.rows)) || (binding.columns && names(*binding.columns)) ||
           std::any_of(binding.time.begin(), binding.time.end(), names);
  }

  // Outer parts of partitions have a loop, because the inner part may be shorter in its last iteration, unless the
  // Einsum does not look inside and the binding gives all of it a place.
  bool is_outer_part_alone(const Einsum& einsum, const std::string& variable) const {
    const PartitionDecl* partition = lowering_.cascade.partition_with(rank_of_variable(variable));
    if (partition == nullptr || variable_of_rank(partition->outer) != variable || !is_placed(einsum, variable)) {
      return false;
    }
    const std::vector<std::string> variables = einsum.variables();
    const auto& tensors = lowering_.cascade.tensors();
    const std::string inner = variable_of_rank(partition->inner);
    return std::find(variables.begin(), variables.end(), inner) == variables.end() &&
           std::none_of(tensors.begin(), tensors.end(),
                        [&](const TensorDecl& tensor) { return tensor.iterative_rank == partition->outer; });
  }

  bool is_iterative(const std::string& variable) const {
    const std::string rank = rank_of_variable(variable);
    const auto& partitions = lowering_.cascade.partitions();
    return std::any_of(lowering_.cascade.tensors().begin(), lowering_.cascade.tensors().end(),
                       [&](const TensorDecl& tensor) { return tensor.iterative_rank == rank; }) ||
           std::any_of(partitions.begin(), partitions.end(),
                       [&](const PartitionDecl& partition) { return partition.outer == rank; });
  }

  void check_order(const Einsum& einsum, const Name& name) {
    for (const Access* access : operand_accesses(lowering_.cascade, lowering_.cascade.einsum_position(einsum.name()))) {
      const Einsum* producer = lowering_.cascade.find_einsum(access->tensor);
      if (producer == nullptr || producer == &einsum || lowering_.statement_of.count(access->tensor) != 0) continue;
      if (reads_earlier_state(producer->output, *access)) continue;
      lowering_.diagnostics
          .error("einsum-order", name.span,
                 fmt::format("`{}` runs before `{}`, whose result it reads", einsum.name(), access->tensor))
          .note("read here", access->span)
          .with_help(fmt::format("move `{}` in front of `{}`", access->tensor, einsum.name()));
    }
  }

  const LoopDigit* find_digit(const std::string& name) const {
    for (const auto& [variable, dimension] : lowering_.dimensions) {
      for (const LoopDigit& digit : dimension.loops) {
        if (digit.variable == name) return &digit;
      }
    }
    return nullptr;
  }

  std::string loop_help(const std::string& name) const {
    const auto found = lowering_.dimensions.find(name);
    if (found == lowering_.dimensions.end() || found->second.loops.empty()) return suggestion(name, loop_names());
    std::string own;
    for (const LoopDigit& digit : found->second.loops)
      own += fmt::format("{}`{}`", own.empty() ? "" : ", ", digit.variable);
    return fmt::format("rank {} is cut into tiles; it has loops over {}", rank_of_variable(name), own);
  }

  std::vector<std::string> loop_names() const {
    std::vector<std::string> names;
    for (const auto& [variable, dimension] : lowering_.dimensions) {
      for (const LoopDigit& digit : dimension.loops) names.push_back(digit.variable);
    }
    return names;
  }

  Lowering& lowering_;
  std::int64_t volume_ = 0;
  bool unknown_loop_ = false, unknown_einsum_ = false;  // reported; what would only repeat it is not
};

}  // namespace

void build_nests(Lowering& lowering) { NestBuilder(lowering).run(); }

}  // namespace einloom
