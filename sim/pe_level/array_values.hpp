// SPDX-License-Identifier: Apache-2.0
// What all arrays with data have in common: the operations they are at, the values of the steps their PEs are at, and
// reductions: in time inside a PE, then from neighbour to neighbour, one kind of reduction after the other.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/pe_level/operand_stream.hpp"
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
  bool has_constraints = false;          // points of the tile may be absent
  std::int64_t iterations_left_out = 0;  // of the loop a state advances with: they keep its value
  std::int64_t next_state = 0;           // offset from a state's element to the one of the next iteration
  const std::string* name = nullptr;
  // Array with a controller.
  std::int64_t accepted = 0;
  bool is_skewed = true;
  Span span{};
};

// Of a step's operands, or of a result on its way: which operation, and which step or result.
[[nodiscard]] inline StepTag step_tag(std::int32_t operation, std::int64_t step) {
  return (static_cast<StepTag>(operation % 0xffff + 1) << 16) | static_cast<StepTag>(step & 0xffff);
}

template <class T>
class ArrayValues {
 public:
  // Rows [first_row, last_row] of `rows` are those that sums move through.
  ArrayValues(int array, std::int64_t rows, std::int64_t columns, std::int64_t first_row, std::int64_t last_row,
              std::size_t operands, std::size_t statements, const ElementStore<T>& store);

  virtual ~ArrayValues() = default;

  void add(OperationValues<T> operation) { operations_.push_back(std::move(operation)); }
  [[nodiscard]] std::int32_t issued() const { return issued_; }
  std::int32_t next_number() { return ++issued_; }
  // A row of an unreduced tile has left a column.
  void row_out(std::int32_t number, std::int64_t row, std::int64_t column, std::int64_t time);

 protected:
  struct Point {
    std::int64_t column, step;
  };
  // One hop of what moves between PEs; operations before `oldest` are over.
  void begin_cycle(std::int32_t oldest, std::int64_t now);
  [[nodiscard]] const OperationValues<T>& operation(std::int32_t number) const {
    return operations_[static_cast<std::size_t>(number - operations_.front().number)];
  }
  // The expression at points_, from operand_values_; into pending_.
  void evaluate(const OperationValues<T>& what, std::int64_t row);
  // A PE's last cycle at a step: its value goes into the sums, on a link, out of the array, or stays.
  void end_step(const OperationValues<T>& what, std::int64_t row, const Point& at);
  // Is the point inside the tile, and wanted by the predicates that hold for the `level` outermost kinds of reduction
  // (all of them: the point itself)? Rows and columns count from the tile's first index.
  [[nodiscard]] bool is_present(const OperationValues<T>& what, std::int64_t row, const Point& at, std::size_t level);
  [[nodiscard]] bool is_result(const OperationValues<T>& what, std::int64_t row, const Point& at);
  // Where an operand's element is, index tensors followed; -1: outside of the tensor, or an index is not there.
  [[nodiscard]] std::int64_t offset_of(const OperationValues<T>& what, std::size_t operand, std::int64_t row,
                                       const Point& at) const;
  // Is the operand, a choice of `first(…)`, inside its tensor? Others are wherever the point is present.
  [[nodiscard]] bool is_read(const OperationValues<T>& what, std::size_t operand, std::int64_t row, const Point& at);
  // An operand on its way into the array at `time`, skew cycles behind the wavefront; nullptr when it is not there.
  [[nodiscard]] const T* from_edge(const OperandPlan<T>& operand, const Element<T>& element, std::int64_t time,
                                   std::int64_t skew) const;
  [[noreturn]] void missing(const OperationValues<T>& what, std::int64_t row, const Point& at,
                            const std::string& thing) const;

  int array_;
  std::int64_t rows_, columns_, first_row_, last_row_;
  const ElementStore<T>& store_;
  std::int64_t now_ = 0;
  std::deque<OperationValues<T>> operations_;
  std::vector<T> pending_;       // by PE: the value of the step it is at
  std::vector<char> is_absent_;  // by PE: the point of the step it is at is absent
  // Scratch: the PEs of a row that begin a step, their operands and intermediate values.
  std::vector<Point> points_;
  std::vector<std::vector<T>> operand_values_;

 private:
  [[nodiscard]] bool is_inside(const OperationValues<T>& what, std::int64_t row, const Point& at,
                               std::size_t variables);
  [[nodiscard]] bool holds(const OperationValues<T>& what, std::int64_t row, const Point& at,
                           const std::vector<Constraint>& constraints, const std::vector<kernel::DataConstraint>& data);
  // The value of an index tensor, as a whole number: 0 for what is none, and outside of it; nullopt while it is not
  // there. index_at: it has to be.
  [[nodiscard]] std::optional<std::int64_t> steered(const OperationValues<T>& what, std::size_t operand,
                                                    std::int64_t row, const Point& at) const;
  [[nodiscard]] std::int64_t index_at(const OperationValues<T>& what, int access, std::int64_t row,
                                      const Point& at) const;
  [[nodiscard]] const T* at_its_edge(const OperationValues<T>& what, std::size_t operand, const Element<T>& element,
                                     std::int64_t row, const Point& at) const;
  [[nodiscard]] std::int64_t result_offset(const OperationValues<T>& what, std::int64_t row, const Point& at) const;
  Operand<T> chosen(const OperationValues<T>& what, const kernel::Alternatives& alternatives, std::int64_t row,
                    std::vector<T>& values);
  void select(const OperationValues<T>& what, std::int64_t physical_row, std::int64_t row, const Point& at,
              bool is_in_tile);
  void put(const OperationValues<T>& what, std::int64_t pe, std::int64_t offset, T value);
  T accumulate(const OperationValues<T>& what, std::size_t level, std::int64_t pe, std::int64_t row, const Point& at,
               T value);
  [[nodiscard]] T combined(const OperationValues<T>& what, std::size_t level, T a, T b) const;
  void leave_by_edge(const OperationValues<T>& what, std::int64_t row, const Point& at, T value);
  void keep(const OperationValues<T>& what, std::int64_t pe, std::int64_t row, const Point& at, bool absent, T value);
  void carry_on(const OperationValues<T>& what, std::int64_t offset);

  std::int32_t issued_ = 0;
  SumLinks<T> sums_vertical_, sums_along_;
  std::vector<std::vector<std::vector<T>>> accumulators_;  // by statement and level: [target · PEs + PE]
  // Of selections under way, by operation, target and PE (or line of PEs): values looked at, with their indices.
  std::map<std::tuple<std::int32_t, std::int32_t, std::int64_t>, std::vector<std::pair<T, std::int64_t>>> looked_at_;
  std::vector<std::vector<T>> step_values_;
  std::vector<std::int64_t> index_;
};

}  // namespace einloom
