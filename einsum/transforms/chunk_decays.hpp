// SPDX-License-Identifier: Apache-2.0
// What the state of a token keeps of an earlier one in a linear recurrence, D(l,j) = a[j+1] · … · a[l]: powers of a
// decay that does not vary, exponentials of differences of sums, or products. Differences need exponents that are
// neither infinite nor large: one token that resets the state would take the digits of all behind it.
#pragma once

#include <optional>

#include "einsum/transforms/chunk_frame.hpp"
#include "einsum/transforms/linear_recurrence.hpp"

namespace einloom::transforms {

// The last token that is in a state: of the state n+1 that of the step, of the state n the one before.
enum class Reach { through, before };

// Each gives nothing where the state does not decay, else what to multiply by; it stands at c, l and j.
class ChunkDecays {
 public:
  ChunkDecays(const Cascade& cascade, ChunkFrame& frame) : cascade_(cascade), frame_(frame) {}

  // D(l,-1): of the state at the chunk's begin.
  [[nodiscard]] std::optional<Expression> since_begin(const LinearRecurrence& recurrence, Reach reach);
  // D(l,j): of what token j brought.
  [[nodiscard]] std::optional<Expression> between(const LinearRecurrence& recurrence, Reach reach);
  // D(L-1,j): what the chunk's last token leaves of what token j brought.
  [[nodiscard]] std::optional<Expression> to_end(const LinearRecurrence& recurrence);
  // D(L-1,-1): what a chunk leaves of the state before it.
  [[nodiscard]] std::optional<Expression> of_chunk(const LinearRecurrence& recurrence);

 private:
  [[nodiscard]] const TensorDecl& state(const LinearRecurrence& recurrence) const;
  [[nodiscard]] bool varies(const LinearRecurrence& recurrence) const;
  [[nodiscard]] bool is_moderate(const Expression& value) const;
  [[nodiscard]] std::optional<Expression> exponent_in(const Expression& decay) const;
  [[nodiscard]] std::optional<Expression> exponent_of(const Expression& decay) const;
  [[nodiscard]] Access exponents(const LinearRecurrence& recurrence, const Expression& exponent, Reach reach);
  [[nodiscard]] Access all_exponents(const LinearRecurrence& recurrence, const Expression& exponent);
  [[nodiscard]] Access at_other(const Access& access) const;
  [[nodiscard]] Expression at_token(const LinearRecurrence& recurrence, const std::string& part) const;
  [[nodiscard]] Comparison reaching(const std::string& part, Reach reach) const;

  const Cascade& cascade_;
  ChunkFrame& frame_;
};

}  // namespace einloom::transforms
