// SPDX-License-Identifier: Apache-2.0
// The ranks of an iteration in chunks, and the tensors over them: c counts chunks, l, i, j and k tokens inside one.
// Contract: what is emitted ends where the rank ends, in a last chunk that may be short.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/expression_algebra.hpp"

namespace einloom::transforms {

// The iteration over `rank`, or over a rank that is derived from it. UserError transform-impossible: there is none, or
// it goes over tiles.
[[nodiscard]] std::string iteration_over(const Cascade& cascade, const std::string& rank);

class ChunkFrame {
 public:
  // `iterated` is a rank that the cascade iterates over. UserError transform-impossible when no names are left.
  ChunkFrame(const Cascade& cascade, const std::string& iterated, std::int64_t chunk, bool by_steps);

  [[nodiscard]] const std::string& iterated() const { return iterated_; }
  [[nodiscard]] const std::string& outer() const { return outer_; }  // c
  [[nodiscard]] const std::string& inner() const { return inner_; }  // l, a token of a chunk
  [[nodiscard]] const std::string& step() const { return step_; }    // i, the token of a step; iterative with by_steps
  [[nodiscard]] const std::string& other() const { return other_; }  // j, another token
  [[nodiscard]] const std::string& between() const { return between_; }  // k, one between two
  [[nodiscard]] CascadeEdit& edit() { return edit_; }
  [[nodiscard]] Cascade build() { return edit_.build({whole_, whole_, outer_, inner_}); }

  // Which rank of a tensor is the iterated one.
  [[nodiscard]] std::size_t position_of_rank(const TensorDecl& tensor) const;
  // The iteration's variable at c*L+l, with the given part in the place of l.
  [[nodiscard]] VariableMap at_token(const std::string& part) const;
  // c*L+l is inside the rank.
  [[nodiscard]] Comparison bound(const std::string& part) const;
  // How many tokens the chunk has: min(L, N - c*L).
  [[nodiscard]] Expression chunk_length() const;
  // Whether something is read at the token, c*L+l, and ends where the rank ends.
  [[nodiscard]] bool is_at_token(const Expression& expression, const std::string& part) const;

  // A tensor over the ranks that the expression and the predicates use; the same one for the same expression.
  [[nodiscard]] Access emitted(const std::string& wish, const TensorDecl& like, const Expression& expression,
                               const std::vector<Reduction>& reductions = {}, std::vector<Comparison> predicates = {});
  // The Einsum's tensor along the whole rank, from its tiles.
  void add_whole(const Einsum& einsum, const TensorDecl& tensor, const Access& tile,
                 const std::vector<Comparison>& predicates);

 private:
  [[nodiscard]] std::string partitioned_rank() const;
  [[nodiscard]] bool only_reads(const std::string& origin) const;
  [[nodiscard]] Access from_chunks(const Access& tile);

  const Cascade& cascade_;
  CascadeEdit edit_;
  std::string iterated_, whole_;  // whole: the rank that is cut, the iterated one or what it is derived from
  std::string outer_, inner_, step_, other_, between_;
  std::vector<std::string> order_;             // of ranks in tensors
  std::map<std::string, TensorDecl> emitted_;  // by what they are made of
  std::string chunk_of_, token_of_;            // index tensors along the rank
};

// `l < i`, and the value of an index, for ranks.
[[nodiscard]] Comparison compared(const std::string& left, const std::string& op, const std::string& right);
[[nodiscard]] Expression position(const std::string& part);
[[nodiscard]] Reduction sum_over_rank(const std::string& rank);

}  // namespace einloom::transforms
