// SPDX-License-Identifier: Apache-2.0
#include "sim/execute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>

#include "base/diagnostic.hpp"
#include "einsum/input_values.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/tolerance.hpp"
#include "mappings/lower.hpp"
#include "mappings/tile_region.hpp"
#include "sim/passed_tiles.hpp"
#include "sim/pe_level/pe_values.hpp"
#include "sim/regions.hpp"
#include "sim/simulate.hpp"

namespace einloom {
namespace {

// May the Einsum leave points of its result as they are: a map absent ones, a scatter whatever no index names? They are
// 0, as in the evaluator.
bool leaves_points(const Cascade& cascade, int einsum) {
  const Einsum& one = cascade.einsums()[static_cast<std::size_t>(einsum)];
  if (one.scatters()) return true;
  return one.reductions.empty() && !cascade.domain(einsum).empty() &&
         cascade.find_tensor(one.name())->iterative_rank.empty();
}

// The machine's values: `dram` holds inputs and receives outputs; `chip` is what arrays read and write.
template <class T>
class ValueMachine {
 public:
  ValueMachine(const Program& program, const Cascade& cascade, Dtype dtype, TensorStore<T> dram)
      : program_(program),
        cascade_(cascade),
        dram_(std::move(dram)),
        chip_(make_store<T>(cascade, program.shape, kPoison)),
        held_(program.storages.size()) {
    // What goes to a memory is rounded to its dtype; what stays in registers keeps the width of the arithmetic.
    constexpr Dtype kWide = std::is_same_v<T, double> ? Dtype::fp64 : Dtype::fp32;
    for (const Statement& statement : program.statements) {
      const bool stored = is_stored(program, program.tensors[static_cast<std::size_t>(statement.tensor)]);
      kernels_.push_back(statement.kind == StatementKind::operation
                             ? std::make_unique<EinsumKernel<T>>(cascade, statement.einsum, program.shape,
                                                                 Precision{stored ? dtype : kWide})
                             : nullptr);
    }
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      if (!program.statements[s].mask) continue;
      std::vector<std::int64_t> first(program.statements[s].trips.size(), 0);
      pass_over(static_cast<int>(s), first);
    }
    for (std::size_t i = 0; i < program.storages.size(); ++i) {
      storages_of_[program.storages[i].producer].push_back(static_cast<int>(i));
    }
  }

  void start(int statement_index, std::int64_t instance) {
    const Statement& statement = program_.statements[static_cast<std::size_t>(statement_index)];
    program_.position_of(statement, instance, position_);
    for (int storage : storages_of_[statement_index]) take_slot(storage, statement_index);
    const std::string& tensor_name = program_.tensors[static_cast<std::size_t>(statement.tensor)];
    if (statement.kind == StatementKind::operation) {
      bool accumulate = statement.accumulates;
      bool first = true;
      for (int loop : statement.accumulation_loops) first = first && position_[static_cast<std::size_t>(loop)] == 0;
      accumulate = accumulate && !first;
      bool opens = true;  // what is scattered fills a tile in several instances
      for (int loop : statement.scatter_loops) opens = opens && position_[static_cast<std::size_t>(loop)] == 0;
      if (leaves_points(cascade_, statement.einsum) && opens && !accumulate) {
        Tensor<T>& tensor = chip_.at(tensor_name);
        for_each_element(tensor, tensor_region(program_, cascade_, statement, position_, {}),
                         [&](std::int64_t at) { tensor.data()[at] = 0; });
      }
      const std::vector<std::int64_t> borrowed = borrow_states(statement);
      kernels_[static_cast<std::size_t>(statement_index)]->run(tile_box(program_, statement, position_), accumulate,
                                                               chip_);
      for (const std::int64_t at : borrowed) chip_.at(tensor_name).data()[at] = kPoison;
      if (program_.grows) carry_state(statement);
      end(statement_index);
      return;
    }
    if (statement.share < 1) return;
    const Box region = tensor_region(program_, cascade_, statement, position_, {});
    const bool load = statement.kind == StatementKind::load;
    const Tensor<T>& from = load ? dram_.at(tensor_name) : chip_.at(tensor_name);
    Tensor<T>& to = load ? chip_.at(tensor_name) : dram_.at(tensor_name);
    for_each_element(from, region, [&](std::int64_t at) { to.data()[at] = from.data()[at]; });
  }

  [[nodiscard]] const TensorStore<T>& dram() const { return dram_; }

 private:
  // An absent update leaves a state as it is, wherever it is: in DRAM, where its tile on the chip has given up its
  // slot. The previous states that the kernel is lent from there; nobody else may read them.
  std::vector<std::int64_t> borrow_states(const Statement& statement) {
    std::vector<std::int64_t> borrowed;
    const TensorDecl& decl = *cascade_.find_tensor(program_.tensors[static_cast<std::size_t>(statement.tensor)]);
    if (decl.iterative_rank.empty() || cascade_.domain(statement.einsum).empty()) return borrowed;
    for (const Access* access : cascade_.einsums()[static_cast<std::size_t>(statement.einsum)].reads()) {
      if (access->tensor == decl.name) return borrowed;  // the plan brings what it reads
    }
    Tensor<T>& tensor = chip_.at(decl.name);
    const Tensor<T>& kept = dram_.at(decl.name);
    const auto rank = std::find(decl.ranks.begin(), decl.ranks.end(), decl.iterative_rank) - decl.ranks.begin();
    const std::int64_t step = tensor.strides()[static_cast<std::size_t>(rank)];
    for_each_element(tensor, tensor_region(program_, cascade_, statement, position_, {}), [&](std::int64_t at) {
      if (!std::isnan(tensor.data()[at - step]) || std::isnan(kept.data()[at - step])) return;
      tensor.data()[at - step] = kept.data()[at - step];
      borrowed.push_back(at - step);
    });
    return borrowed;
  }

  // Behind the last iteration of a loop that ends early, a state keeps its value in the iterations left out.
  void carry_state(const Statement& statement) {
    const TensorDecl& decl = *cascade_.find_tensor(program_.tensors[static_cast<std::size_t>(statement.tensor)]);
    if (decl.iterative_rank.empty()) return;
    for (std::size_t e = 1; e < statement.effective.size(); ++e) {
      const ProgramLoop& loop =
          program_.loops[static_cast<std::size_t>(statement.loops[static_cast<std::size_t>(statement.effective[e])])];
      if (!loop.growth || loop.digits.front().dimension != variable_of_rank(decl.iterative_rank)) continue;
      if (position_[e] != loop.trip_at(position_[e - 1]) - 1) return;
      Tensor<T>& tensor = chip_.at(decl.name);
      const auto rank = std::find(decl.ranks.begin(), decl.ranks.end(), decl.iterative_rank) - decl.ranks.begin();
      const std::int64_t stride = tensor.strides()[static_cast<std::size_t>(rank)];
      for_each_element(tensor, tensor_region(program_, cascade_, statement, position_, {}), [&](std::int64_t at) {
        for (std::int64_t m = 1; m < loop.trip - position_[e]; ++m) tensor.data()[at + m * stride] = tensor.data()[at];
      });
    }
  }

  // Behind an operation of a statement with a mask: what is passed over next leaves the identity of its reduction,
  // which is there before the first term is, and nothing where it scatters.
  void end(int statement_index) {
    const Statement& statement = program_.statements[static_cast<std::size_t>(statement_index)];
    if (!statement.mask) return;
    std::vector<std::int64_t> next = position_;
    if (increment(statement, next)) pass_over(statement_index, next);
  }

  void pass_over(int statement_index, std::vector<std::int64_t>& position) {
    const Statement& statement = program_.statements[static_cast<std::size_t>(statement_index)];
    if (statement.kind != StatementKind::operation) return;
    const Einsum& einsum = cascade_.einsums()[static_cast<std::size_t>(statement.einsum)];
    for_each_passed(statement, position, [&](const std::vector<std::int64_t>& passed) {
      if (!einsum.scatters() && einsum.reductions.empty()) return;
      // Not by the kernel: the index tensors that say that nothing is there have not been loaded.
      const T identity =
          einsum.scatters() ? T(0) : static_cast<T>(find_reduction(einsum.reductions.front().op)->identity);
      Tensor<T>& tensor = chip_.at(einsum.name());
      for_each_element(tensor, tensor_region(program_, cascade_, statement, passed, {}),
                       [&](std::int64_t at) { tensor.data()[at] = identity; });
    });
  }

  static constexpr T kPoison = std::numeric_limits<T>::quiet_NaN();

  // A new tile takes the slot of the one `slots` earlier, whose values are gone from now on.
  void take_slot(int index, int statement_index) {
    const Storage& storage = program_.storages[static_cast<std::size_t>(index)];
    const Statement& statement = program_.statements[static_cast<std::size_t>(statement_index)];
    if (statement.share < 1) return;                       // a part of a tile that has its slot already
    if (!Program::takes_slot(storage, position_)) return;  // goes on with the slot it holds
    std::vector<int> others;
    for (std::size_t e = 0; e < position_.size(); ++e) {
      const auto& own = storage.loops;
      if (std::find(own.begin(), own.end(), static_cast<int>(e)) != own.end()) continue;
      others.push_back(static_cast<int>(e));
    }
    std::vector<Box>& held = held_[static_cast<std::size_t>(index)];
    const Box region = tensor_region(program_, cascade_, statement, position_, others);
    held.push_back(region);
    if (static_cast<std::int64_t>(held.size()) <= storage.slots) return;
    const Box gone = held.front();
    held.erase(held.begin());
    Tensor<T>& tensor = chip_.at(program_.tensors[static_cast<std::size_t>(storage.tensor)]);
    for_each_element(tensor, gone, [&](std::int64_t at) {
      if (!is_held(storage.tensor, tensor, at)) tensor.data()[at] = kPoison;
    });
  }

  // Is the element in a tile that still has its slot, here or (a tensor that came back from DRAM) in another memory?
  [[nodiscard]] bool is_held(int tensor_index, const Tensor<T>& tensor, std::int64_t offset) const {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (program_.storages[i].tensor != tensor_index) continue;
      for (const Box& box : held_[i]) {
        std::int64_t left = offset;
        bool inside = true;
        for (std::size_t r = 0; r < box.size(); ++r) {
          const std::int64_t index = left / tensor.strides()[r];
          left %= tensor.strides()[r];
          inside = inside && index >= box[r].begin && index < box[r].end;
        }
        if (inside) return true;
      }
    }
    return false;
  }

  const Program& program_;
  const Cascade& cascade_;
  TensorStore<T> dram_, chip_;
  std::vector<std::unique_ptr<EinsumKernel<T>>> kernels_;
  std::map<int, std::vector<int>> storages_of_;
  std::vector<std::vector<Box>> held_;
  std::vector<std::int64_t> position_;
};

template <class T, class From>
Tensor<T> converted(const Tensor<From>& tensor) {
  Tensor<T> copy(tensor.ranks(), tensor.extents());
  for (std::int64_t i = 0; i < tensor.size(); ++i) copy.data()[i] = static_cast<T>(tensor.data()[i]);
  return copy;
}

template <class T>
TensorStore<double> outputs_of(const Cascade& cascade, const TensorStore<T>& store) {
  TensorStore<double> outputs;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::output) outputs.emplace(tensor.name, converted<double>(store.at(tensor.name)));
  }
  return outputs;
}

std::string coordinates(const Tensor<double>& tensor, std::int64_t offset) {
  std::string text;
  for (std::size_t i = 0; i < tensor.ranks().size(); ++i) {
    text += fmt::format("{}{} = {}", i == 0 ? "" : ", ", tensor.ranks()[i], offset / tensor.strides()[i]);
    offset %= tensor.strides()[i];
  }
  return text;
}

void compare(const TensorStore<double>& found, const TensorStore<double>& expected, CheckReport& report) {
  report.passed = true;
  report.values = 0;
  report.max_abs_error = report.max_rel_error = 0;
  report.first_mismatch.clear();
  for (const auto& [name, reference] : expected) {
    const Tensor<double>& tensor = found.at(name);
    ensure(tensor.size() == reference.size(), "kernel and cascade agree on the shape of `" + name + "`");
    report.values += reference.size();
    for (std::int64_t i = 0; i < reference.size(); ++i) {
      const double x = tensor.data()[i], r = reference.data()[i];
      const double absolute = x == r ? 0 : std::abs(x - r);
      const double relative = absolute / (1 + std::abs(r));
      const bool bad = !(relative <= report.tolerance);
      report.max_abs_error = std::isnan(absolute) ? absolute : std::max(report.max_abs_error, absolute);
      report.max_rel_error = std::isnan(relative) ? relative : std::max(report.max_rel_error, relative);
      if (!bad || !report.passed) continue;
      report.passed = false;
      report.first_mismatch = fmt::format("`{}` differs first at {}:\n", name, coordinates(reference, i));
      for (std::int64_t j = std::max<std::int64_t>(0, i - 2); j < std::min(reference.size(), i + 3); ++j) {
        report.first_mismatch +=
            fmt::format("  {}[{}]  simulated {:.9g}  reference {:.9g}{}\n", name, coordinates(reference, j),
                        tensor.data()[j], reference.data()[j], j == i ? "  <" : "");
      }
    }
  }
}

// The outputs, as the run left them in DRAM.
template <class T>
TensorStore<double> execute(const Program& program, const Cascade& cascade, const Machine& machine,
                            const CheckOptions& check, const TensorStore<double>& inputs) {
  TensorStore<T> dram = make_store<T>(cascade, program.shape, std::numeric_limits<T>::quiet_NaN());
  for (const auto& [name, tensor] : inputs) dram.at(name) = converted<T>(tensor);
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    if (!leaves_points(cascade, static_cast<int>(e))) continue;
    Tensor<T>& result = dram.at(cascade.einsums()[e].name());
    std::fill_n(result.data(), result.size(), T(0));
  }
  SimulationOptions options;
  options.fast_forward = false;
  options.fidelity = check.fidelity;
  if (check.fidelity == Fidelity::pe) {
    PeValues<T> values(program, machine, cascade, check.dtype, std::move(dram));
    options.cascade = &cascade;
    options.values = &values;
    static_cast<void>(simulate(program, machine, options));
    return outputs_of(cascade, values.dram());
  }
  ValueMachine<T> values(program, cascade, check.dtype, std::move(dram));
  options.observer = [&](int statement, std::int64_t index, std::int64_t, std::int64_t) {
    values.start(statement, index);
  };
  static_cast<void>(simulate(program, machine, options));
  return outputs_of(cascade, values.dram());
}

// Arithmetic is wider than the tensors: fp64 for fp32, fp32 for narrower formats.
Dtype arithmetic_of(Dtype dtype) { return dtype == Dtype::fp64 || dtype == Dtype::fp32 ? Dtype::fp64 : Dtype::fp32; }

RunRounding rounding_of(const Program& program) {
  const auto of_tensor = [&program](const std::string& tensor) {
    Roundings roundings{is_stored(program, tensor), 1};
    for (const Statement& statement : program.statements) {
      if (statement.kind != StatementKind::operation || !statement.accumulates) continue;
      if (program.tensors[static_cast<std::size_t>(statement.tensor)] != tensor) continue;
      double tiles = 1;
      for (const int loop : statement.accumulation_loops) {
        tiles *= static_cast<double>(statement.trips[static_cast<std::size_t>(loop)]);
      }
      roundings.times = std::max(roundings.times, tiles);
    }
    return roundings;
  };
  return {of_tensor, arithmetic_of};
}

// What is run: a shape that the plan fits and the kernel takes, with the kernel's values there.
struct Case {
  Program program;
  TensorStore<double> inputs, expected;
};

Case prepared(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& given,
              const ReferenceFunction& reference, const CheckOptions& options, const Span& where) {
  Case made{lower(cascade, machine, plan, given, options.dtype, where, options.seed), {}, {}};
  made.inputs = draw_run_inputs(cascade, made.program.shape, {options.dtype, options.seed, options.input_scale});
  made.expected = reference(made.inputs, made.program.shape);
  return made;
}

Case prepare(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload,
             const ReferenceFunction& reference, const CheckOptions& options, const Span& where) {
  const auto at = [&](Cut cut, const std::set<std::string>& kept) {
    const Shape clipped = clip_for_check(cascade, machine, plan, workload, options, where, cut, kept);
    return prepared(cascade, machine, plan, clipped, reference, options, where);
  };
  try {
    return at(Cut::longest, {});
  } catch (const UserError&) {
    const Shape clipped = clip_for_check(cascade, machine, plan, workload, options, where);
    std::vector<std::string> cut;
    for (const auto& [rank, extent] : clipped.values()) {
      if (workload.at(rank) != extent) cut.push_back(rank);
    }
    std::vector<std::set<std::string>> kept;
    for (std::size_t i = 0; i < cut.size(); ++i) kept.push_back({cut[i]});
    for (std::size_t i = 0; i < cut.size(); ++i) {
      for (std::size_t j = i + 1; j < cut.size(); ++j) kept.push_back({cut[i], cut[j]});
    }
    const std::size_t few = kept.size();
    for (std::size_t i = 0; i < few; ++i) {  // … all but one or two
      kept.emplace_back(cut.begin(), cut.end());
      for (const std::string& rank : kept[i]) kept.back().erase(rank);
    }
    std::erase_if(kept, [](const auto& ranks) { return ranks.empty(); });
    if (!cut.empty()) kept.insert(kept.begin(), std::set<std::string>());
    for (const std::set<std::string>& ranks : kept) {
      try {
        return at(ranks.empty() ? Cut::together : Cut::longest, ranks);
      } catch (const UserError&) {
        continue;
      }
    }
    throw;
  }
}

}  // namespace

CheckReport check_values(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload,
                         const ReferenceFunction& reference, const CheckOptions& options, const Span& where) {
  const auto [program, inputs, expected] = prepare(cascade, machine, plan, workload, reference, options, where);
  const auto carried_in = [&](Dtype dtype) {
    CheckOptions carried = options;
    carried.dtype = dtype;
    return arithmetic_of(dtype) == Dtype::fp64 ? execute<double>(program, cascade, machine, carried, inputs)
                                               : execute<float>(program, cascade, machine, carried, inputs);
  };
  CheckReport report;
  Tolerance tolerance{options.dtype, least_tolerance(cascade, options.dtype)};
  report.tolerance = tolerance.value;
  const TensorStore<double> found = carried_in(options.dtype);
  compare(found, expected, report);
  if (!report.passed) {
    tolerance = rounding_tolerance(cascade, program.shape, options.dtype, inputs, rounding_of(program));
    report.tolerance = tolerance.value;
    compare(tolerance.dtype == options.dtype ? found : carried_in(tolerance.dtype), expected, report);
  }
  for (const RankDecl& rank : cascade.ranks()) {
    report.description +=
        fmt::format("{}{} = {}", report.description.empty() ? "" : ", ", rank.name, program.shape.at(rank.name));
  }
  report.description +=
      fmt::format("; {} in simulated order against the fp64 kernel, seed {}", name_of(tolerance.dtype), options.seed);
  if (tolerance.dtype != options.dtype) {
    report.description += fmt::format(" ({} loses more than {:g})", name_of(options.dtype), kLargestTolerance);
  }
  return report;
}

}  // namespace einloom
