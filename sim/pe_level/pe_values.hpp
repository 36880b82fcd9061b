// SPDX-License-Identifier: Apache-2.0
// Data of fidelity pe: operands enter at the edges and move one hop a cycle, partial results move down columns or along
// rows, results stay in their PEs until they leave. Every PE checks in every step that what it uses is there.
#pragma once

#include <memory>

#include "arch/machine.hpp"
#include "einsum/evaluator.hpp"
#include "sim/pe_level/value_layer.hpp"

namespace einloom {

// T: the type arithmetic is done in, as in execution at tile level.
template <class T>
class PeValues : public ValueLayer {
 public:
  // `dram` holds the inputs, and the outputs after the run. What is kept in a memory is rounded to its dtype.
  PeValues(const Program& program, const Machine& machine, const Cascade& cascade, Dtype dtype, TensorStore<T> dram);
  ~PeValues() override;
  PeValues(const PeValues&) = delete;
  PeValues& operator=(const PeValues&) = delete;

  void starts(int statement, const Scoreboard& board, std::int64_t now) override;
  void moved(int statement, std::int64_t index, std::int64_t now, std::int64_t done) override;
  void cycle(int array, const PeGrid& pes, std::int64_t now) override;
  void cycle(int array, const InstructionGrid& pes, std::int64_t now) override;
  void row_out(const IssuedOperation& operation, std::int64_t row, std::int64_t column, std::int64_t time) override;

  [[nodiscard]] const TensorStore<T>& dram() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace einloom
