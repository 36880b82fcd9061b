// SPDX-License-Identifier: Apache-2.0
// The data side of one array: its operand links, sums on their way, accumulators, and the operations it is at.
#pragma once

#include "sim/pe_level/array_values.hpp"
#include "sim/pe_level/pe_grid.hpp"

namespace einloom {

template <class T>
class GridValues : public ArrayValues<T> {
 public:
  GridValues(int array, std::int64_t rows, std::int64_t columns, std::size_t operands, std::size_t statements,
             const ElementStore<T>& store);

  // All PEs' work of one cycle.
  void cycle(const PeGrid& pes, std::int64_t now);

 private:
  using typename ArrayValues<T>::Point;
  using ArrayValues<T>::array_, ArrayValues<T>::rows_, ArrayValues<T>::columns_, ArrayValues<T>::store_,
      ArrayValues<T>::now_, ArrayValues<T>::is_absent_, ArrayValues<T>::points_, ArrayValues<T>::operand_values_;

  void run_of_row(const OperationValues<T>& what, std::int64_t row, std::int64_t begin, std::int64_t end,
                  const std::int32_t* left);
  void fetch(const OperationValues<T>& what, std::size_t operand, std::int64_t row);
  [[nodiscard]] const Element<T>& element(const OperationValues<T>& what, std::size_t operand, std::int64_t row,
                                          const Point& at) const;
  void enter(const OperationValues<T>& what, std::size_t operand, std::int64_t row, const Point& at, std::int64_t skew,
             OperandStream<T>& link);

  std::vector<OperandStream<T>> right_, down_;  // by operand
};

}  // namespace einloom
