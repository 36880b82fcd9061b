// SPDX-License-Identifier: Apache-2.0
// The data side of one array with a controller: what comes from the left and from the top, what PEs have taken in, and
// sums on their way up or down.
#pragma once

#include <string>
#include <vector>

#include "sim/pe_level/array_values.hpp"
#include "sim/pe_level/instruction_grid.hpp"

namespace einloom {

template <class T>
class InstructionValues : public ArrayValues<T> {
 public:
  InstructionValues(int array, const PeArray& machine, std::size_t operands, std::size_t statements,
                    const ElementStore<T>& store);

  // All PEs' and units' work of one cycle.
  void cycle(const InstructionGrid& pes, std::int64_t now);

 private:
  using typename ArrayValues<T>::Point;
  using ArrayValues<T>::array_, ArrayValues<T>::rows_, ArrayValues<T>::columns_, ArrayValues<T>::store_,
      ArrayValues<T>::now_, ArrayValues<T>::is_absent_, ArrayValues<T>::points_, ArrayValues<T>::operand_values_,
      ArrayValues<T>::operations_;

  // Which operation a PE has taken an operand in for, and its value.
  struct Taken {
    std::int32_t number = 0;
    T value{};
  };

  void send_from_top(const OperationValues<T>& what);
  void run_of_row(const OperationValues<T>& what, std::int32_t phase, std::int64_t row, std::int64_t begin,
                  std::int64_t end, const std::int32_t* left);
  void take_in(const OperationValues<T>& what, std::size_t latch, std::int64_t row, std::int64_t column,
               std::int64_t left);
  void fetch(const OperationValues<T>& what, std::size_t operand, std::int64_t row);
  // The element of a point of the tile; nullptr when there is none.
  const Element<T>* element(const OperationValues<T>& what, std::size_t operand, std::int64_t row, const Point& at);
  const T* from_edge(const OperandPlan<T>& operand, const Element<T>& element, std::int64_t column, bool through_top);
  [[noreturn]] void too_early(const OperationValues<T>& what, std::int64_t row, const Point& at,
                              const std::string& thing) const;

  std::int64_t pe_rows_;
  // By statement and operand: links through the rows of PEs, and through those and the units below; what was taken in,
  // by station.
  template <class Each>
  [[nodiscard]] Each& link(std::vector<Each>& all, const OperationValues<T>& what, std::size_t operand) const {
    return all[static_cast<std::size_t>(what.statement) * operands_ + operand];
  }
  std::size_t operands_;
  std::vector<OperandStream<T>> right_, down_;
  std::vector<std::vector<Taken>> taken_;
};

}  // namespace einloom
