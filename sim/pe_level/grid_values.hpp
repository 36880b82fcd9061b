// SPDX-License-Identifier: Apache-2.0
// The data side of one array: its operand links, sums on their way, accumulators, and the operations it is at.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/pe_level/operand_stream.hpp"
#include "sim/pe_level/pe_grid.hpp"
#include "sim/pe_level/value_plan.hpp"

namespace einloom {

// One operation as its array computes it.
template <class T>
struct OperationValues {
  std::int32_t number = 0;  // in the array's issue order
  int statement = -1;
  std::int64_t instance = 0;
  const ValuePlan<T>* plan = nullptr;
  std::vector<std::int64_t> operand_base;  // offset of the tile, by operand
  std::int64_t result_base = 0;
  Box box;
  bool continues = false;  // adds to what earlier iterations summed up
  SlotUse slot;
  bool has_constraints = false;  // points may be absent
  const std::string* name = nullptr;
};

template <class T>
class GridValues {
 public:
  GridValues(int array, std::int64_t rows, std::int64_t columns, std::size_t operands, std::size_t statements,
             const ElementStore<T>& store);

  void add(OperationValues<T> operation) { operations_.push_back(std::move(operation)); }
  [[nodiscard]] std::int32_t issued() const { return issued_; }
  std::int32_t next_number() { return ++issued_; }
  // All PEs' work of one cycle.
  void cycle(const PeGrid& pes, std::int64_t now);
  void row_out(std::int32_t number, std::int64_t row, std::int64_t column, std::int64_t time);

 private:
  struct Point {
    std::int64_t column, step;
  };
  [[nodiscard]] const OperationValues<T>& operation(std::int32_t number) const {
    return operations_[static_cast<std::size_t>(number - operations_.front().number)];
  }
  void run_of_row(const OperationValues<T>& what, std::int64_t row, std::int64_t begin, std::int64_t end,
                  const std::int32_t* left);
  void begin_steps(const OperationValues<T>& what, std::int64_t row);
  void fetch(const OperationValues<T>& what, std::size_t operand, std::int64_t row);
  void enter(const OperationValues<T>& what, std::size_t operand, std::int64_t row, const Point& at, std::int64_t skew,
             OperandStream<T>& link);
  const T* evaluate(const OperationValues<T>& what, std::int64_t row);
  void end_step(const OperationValues<T>& what, std::int64_t row, const Point& at);
  T accumulate(const OperationValues<T>& what, std::int64_t row, const Point& at);
  void leave_by_edge(const OperationValues<T>& what, std::int64_t offset, T value);
  void keep(const OperationValues<T>& what, std::int64_t row, const Point& at, T value);
  [[nodiscard]] bool is_present(const OperationValues<T>& what, std::int64_t row, const Point& at);
  [[nodiscard]] bool is_result(const OperationValues<T>& what, std::int64_t row, const Point& at);
  [[nodiscard]] T combined(const OperationValues<T>& what, T a, T b) const;
  [[noreturn]] void missing(const OperationValues<T>& what, std::int64_t row, const Point& at,
                            const std::string& thing) const;

  int array_;
  std::int64_t rows_, columns_;
  const ElementStore<T>& store_;
  std::int32_t issued_ = 0;
  std::int64_t now_ = 0;
  std::deque<OperationValues<T>> operations_;
  std::vector<OperandStream<T>> right_, down_;  // by operand
  SumLinks<T> sums_down_, sums_along_;
  std::vector<T> pending_;                    // by PE: the value of the step it is at
  std::vector<char> is_absent_;               // by PE: the point of the step it is at is absent
  std::vector<std::vector<T>> accumulators_;  // by statement: [target · PEs + PE]
  // Scratch: the PEs of a row that begin a step, their operands and intermediate values.
  std::vector<Point> points_;
  std::vector<std::vector<T>> operand_values_, step_values_;
  std::vector<T> index_values_;
  std::vector<std::int64_t> index_;
};

}  // namespace einloom
