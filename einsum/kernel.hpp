// SPDX-License-Identifier: Apache-2.0
// Inside of EinsumKernel: an Einsum with numbers for its shape. Variables are numbered as in Einsum::variables()
// (outputs first); every access is base + sum of stride * variable; the expression is a list of array operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "einsum/affine.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/ops/op.hpp"

namespace einloom::kernel {

inline constexpr std::int64_t kChunk = 512;  // points of the innermost variable evaluated at a time
inline constexpr int kNone = -1;

// Adds stride · element of an index tensor, itself an access.
struct Gather {
  int access = kNone;
  std::int64_t stride = 0;
};

// form + sum of gathered elements <= 0 (or != 0): known only with the data.
struct DataConstraint {
  AffineForm form;
  std::vector<Gather> gathers;
  bool is_not_equal = false;
};

struct CompiledAccess {
  const Access* source = nullptr;  // in the cascade
  std::string tensor;
  std::int64_t base = 0;
  std::vector<std::int64_t> strides;  // per variable
  std::vector<bool> uses;             // per variable: does an index mention it (its strides may cancel)
  std::int64_t tensor_size = 0;
  std::vector<Gather> gathers;
};

// Operands of `first`, each with where it is inside its tensor; the last one may be a constant register.
struct Alternatives {
  struct Choice {
    int access = kNone;  // kNone: `constant`
    double constant = 0;
    std::vector<Constraint> inside;
    std::vector<DataConstraint> inside_data;
  };
  std::vector<Choice> choices;
};

enum class Source { constant, index, access, step, first };

// A value of the expression along a chunk. `from` is a position in accesses, a variable or a position in steps.
struct Register {
  Source source = Source::constant;
  int from = kNone;
  double constant = 0;
};

template <class T>
struct Step {
  VectorFunction<T> function = nullptr;
  int a = kNone, b = kNone;  // registers; b is kNone for one operand
  TernaryFunction<T> ternary = nullptr;
  int c = kNone;
};

// Consecutive reductions with the same operator; variables [first, last).
template <class T>
struct ReductionGroup {
  VectorFunction<T> combine = nullptr;
  T identity{};
  int first = 0, last = 0;
  std::vector<Constraint> constraints;  // decide whether a point of this level is present
  std::vector<DataConstraint> data_constraints;
};

// Instead of a reduction: indices or values of the present points along the last variable, in order.
struct SelectionPlan {
  bool largest_first = false;
  bool gives_index = true;
  int counter = kNone;  // output variable that counts the results; kNone: one result
};

// sum of A·B·scale with free variables on both sides: a matrix product over (m, n, k), the other variables outside.
struct Contraction {
  int a = 0, b = 0;  // accesses
  double scale = 1;
  int m = kNone, n = kNone, k = kNone;
};

template <class T>
struct Compiled {
  std::vector<std::int64_t> extents;
  int outputs = 0;  // variables [0, outputs) are the output's
  CompiledAccess output;
  std::vector<CompiledAccess> accesses;
  std::vector<Register> registers;
  std::vector<Step<T>> steps;
  int result = kNone;  // register
  std::vector<ReductionGroup<T>> groups;
  std::vector<Constraint> constraints;  // all
  std::vector<DataConstraint> data_constraints;
  std::vector<Alternatives> alternatives;
  std::optional<SelectionPlan> selection;
  // Constraints that decide which outputs are stored; the others keep (map) or carry over (state) their value.
  std::vector<Constraint> store_constraints;
  std::vector<DataConstraint> store_data_constraints;
  bool carries_state = false;
  std::int64_t previous_state = 0;  // offset from a stored element to the same element of the previous state
  int chunk = kNone;                // innermost variable of the general loops
  std::optional<Contraction> contraction;
  bool rounds = false;
  Dtype dtype = Dtype::fp64;

  [[nodiscard]] int variables() const { return static_cast<int>(extents.size()); }
};

template <class T>
[[nodiscard]] Compiled<T> compile(const Cascade& cascade, int einsum, const Shape& shape, Precision precision);

// Base addresses of one run.
template <class T>
struct Bound {
  T* output = nullptr;
  std::vector<const T*> accesses;
};

template <class T>
void run_chunks(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound);
template <class T>
void run_contraction(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound);

// Moves `point` to the next point of the box over `variables`, the last fastest; false after the last point.
[[nodiscard]] inline bool advance(std::vector<std::int64_t>& point, const std::vector<int>& variables, const Box& box) {
  for (std::size_t i = variables.size(); i-- > 0;) {
    const auto v = static_cast<std::size_t>(variables[i]);
    if (++point[v] < box[v].end) return true;
    point[v] = box[v].begin;
  }
  return false;
}

// The part of `range` (values of variable v) that one inequality leaves, the other variables at `point`.
void clip(const Constraint& constraint, int v, const std::vector<std::int64_t>& point, Range& range);

}  // namespace einloom::kernel
