// SPDX-License-Identifier: Apache-2.0
// Has a tile a point? By all predicates and bounds of an Einsum: the affine ones, and those on data that is known
// before the run (einsum/known_data). Exact, and stops at the first point.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "einsum/affine.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/kernel.hpp"
#include "einsum/known_data.hpp"

namespace einloom {

// The least and the greatest value of something in a box.
struct ValueBounds {
  std::int64_t low = 0, high = 0;
};
[[nodiscard]] ValueBounds bounds_in(const Constraint& constraint, const std::vector<std::size_t>& variables,
                                    const Box& box);
// Is there a point in the box, of which only `variables` matter, that meets all constraints?
[[nodiscard]] bool has_affine_point(const std::vector<Constraint>& constraints,
                                    const std::vector<std::size_t>& variables, const Box& box);

class DataPredicates {
 public:
  DataPredicates(const Cascade& cascade, int einsum, const Shape& shape, const KnownData& known);

  // Does data leave out points, as far as its least and greatest values tell?
  [[nodiscard]] bool empty() const { return data_.empty(); }
  // Variables that take part in what data and affine predicates leave out.
  [[nodiscard]] const std::vector<std::size_t>& variables() const { return variables_; }
  // Does a predicate on data depend on one of the variables from `first` on?
  [[nodiscard]] bool depends_on(std::size_t first) const;
  [[nodiscard]] const std::set<std::string>& deciding() const { return deciding_; }
  [[nodiscard]] bool are_drawn() const { return are_drawn_; }

  [[nodiscard]] bool has_point(const Box& box);

 private:
  struct Read {  // of an index tensor
    const double* data = nullptr;
    std::vector<std::size_t> variables;  // that its place depends on
    std::vector<std::size_t> direct;     // … not through another index tensor
  };
  enum class Met { never, sometimes, always };

  void keep(const Comparison& comparison, const KnownData& known, const kernel::DataConstraint& constraint);
  void find_runs(const std::vector<std::int64_t>& extents);
  [[nodiscard]] std::int64_t place_of(int read) const;  // at point_
  [[nodiscard]] std::int64_t element_at(int read, std::int64_t place) const;
  [[nodiscard]] std::int64_t element(int read) const { return element_at(read, place_of(read)); }
  [[nodiscard]] std::int64_t next(std::size_t variable, std::int64_t index) const;
  // In the box; `is_attained`: is there a point at its best value?
  [[nodiscard]] Met look(const kernel::DataConstraint& constraint, const Box& box, bool& is_attained);
  template <class Visit>
  void each_element(int read, const Box& box, const Visit& visit);
  [[nodiscard]] bool search(std::size_t depth, Box& box);
  [[nodiscard]] bool found_here(const Box& box);

  kernel::Compiled<double> compiled_;
  std::vector<Read> reads_;  // as in compiled_.accesses
  std::vector<Constraint> affine_;
  std::vector<kernel::DataConstraint> data_;
  std::vector<std::size_t> variables_;
  std::set<std::string> deciding_;
  bool are_drawn_ = false;
  // By variable that only index tensors of its own see: where the next run of equal elements begins.
  std::vector<std::vector<std::int32_t>> runs_;

  // Of the search at hand.
  std::vector<std::int64_t> point_;
  std::vector<std::size_t> searched_;                   // variables, outermost first
  std::vector<Constraint> cutting_;                     // affine ones, then those of data at the point
  std::vector<const kernel::DataConstraint*> by_data_;  // the latter
};

}  // namespace einloom
