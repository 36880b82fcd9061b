// SPDX-License-Identifier: Apache-2.0
// What a default plan asks about an Einsum, and nothing else about the language: what it reads and how the operands'
// indices depend on its variables, what it does at a point, and which of its variables must be walked in order.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom::planning {

// One rank of an operand: its index is a sum of variables times factors, or anything else that may touch all of it.
struct RankUse {
  struct Term {
    std::string variable;
    std::int64_t factor = 1;
  };
  std::string rank;
  std::vector<Term> terms;
  std::vector<std::string> gathered;  // variables of the index tensors that take part
  bool whole = false;
  // The variable when the index is that variable alone; "" otherwise.
  [[nodiscard]] std::string plain() const { return !whole && plain_ ? terms.front().variable : ""; }
  bool plain_ = false;
};

struct Operand {
  std::string tensor;
  std::vector<RankUse> ranks;
  [[nodiscard]] std::set<std::string> variables() const;
  [[nodiscard]] std::set<std::string> all_variables() const;  // those of index tensors included
};

[[nodiscard]] std::vector<Operand> operands(const Cascade& cascade, const Einsum& einsum, const Shape& shape);
[[nodiscard]] Operand result(const Cascade& cascade, const Einsum& einsum, const Shape& shape);

// The operations of an Einsum's points and of its reductions, as arrays name them.
[[nodiscard]] std::set<std::string> operations(const Einsum& einsum);
// A sum of products in which two operands have variables of the result to themselves.
[[nodiscard]] bool is_contraction(const Cascade& cascade, const Einsum& einsum, const Shape& shape);

// Reduced variables that must not be cut into tiles: those inside a reduction of another kind, of which a part of a
// tile says nothing.
[[nodiscard]] std::set<std::string> undivided(const Einsum& einsum);
[[nodiscard]] bool is_output_variable(const Einsum& einsum, const std::string& variable);

[[nodiscard]] bool is_iterative(const Cascade& cascade, const std::string& variable);
// How the index variable of a rank may be cut.
enum class Cut {
  one_at_a_time,  // a loop takes its values one by one: iterative ranks, outer parts of partitions
  never,          // inner parts: always whole
  tiles
};
[[nodiscard]] Cut cut_of(const Cascade& cascade, const std::string& variable);
// Its name with a level: p1, or p_1 where P is partitioned or P0 or P1 names something else.
[[nodiscard]] std::string level_name(const Cascade& cascade, const std::string& name, int level);

}  // namespace einloom::planning
