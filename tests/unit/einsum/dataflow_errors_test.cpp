// SPDX-License-Identifier: Apache-2.0
// Are roles, states, order and cycles of a cascade checked with the complete message?
#include <catch2/catch.hpp>

#include "unit/einsum/cascades.hpp"

using namespace einloom::test;

TEST_CASE("a state without an initial value") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  S: {ranks: [T, D]}
  Y: {ranks: [D], role: output}
einsums:
  - S[t+1,d] = S[t,d] + X[t,d]
  - Y[d] = S[T,d]
)") ==
      R"(c.yaml:6:3: error[tensor-no-initial]: tensor `S` is iterative over `T` and has no `initial`; state 0 needs a value
 6 |   S: {ranks: [T, D]}
   |   ^
c.yaml:9:5: note: the next state is written here
help: a running sum starts at 0, a running max at -inf
)");
}

TEST_CASE("an initial value of no state") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  S: {ranks: [T, D], initial: 0}
  Y: {ranks: [D], role: output}
einsums:
  - S[t,d] = X[t,d]
  - Y[d] = sum(t) S[t,d]
)") ==
      R"(c.yaml:6:3: error[tensor-initial-not-iterative]: tensor `S` has `initial`, but no Einsum writes `S` at the next index of an iterative rank; only states have an initial value
 6 |   S: {ranks: [T, D], initial: 0}
   |   ^
)");
}

TEST_CASE("a bad role") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: outptu}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
)") == R"(c.yaml:6:28: error[tensor-bad-role]: `outptu` is no role of a tensor
 6 |   Z: {ranks: [M, N], role: outptu}
   |                            ^^^^^^
help: did you mean `output`?
)");
}

TEST_CASE("a bad dtype") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: output, dtype: f32}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
)") == R"(c.yaml:6:43: error[tensor-bad-dtype]: `f32` is no number format
 6 |   Z: {ranks: [M, N], role: output, dtype: f32}
   |                                           ^^^
help: did you mean `fp32`?
)");
}

TEST_CASE("a tensor written twice") {
  CHECK(errors_of(matrix_document(R"(Z[m,n] = sum(k) A[m,k] * B[k,n]
  - Z[m,n] = sum(k) A[m,k] + B[k,n])")) ==
        R"(c.yaml:9:5: error[tensor-written-twice]: `Z` is written twice; each tensor is written by one Einsum
 9 |   - Z[m,n] = sum(k) A[m,k] + B[k,n]
   |     ^
c.yaml:8:5: note: first written here
)");
}

TEST_CASE("an input that is written") {
  CHECK(errors_of(matrix_document(R"(Z[m,n] = sum(k) A[m,k] * B[k,n]
  - A[m,k] = sum(n) B[k,n] + Z[m,n])")) ==
        R"(c.yaml:9:5: error[tensor-input-written]: `A` is an input and is written here; inputs are only read
 9 |   - A[m,k] = sum(n) B[k,n] + Z[m,n]
   |     ^
c.yaml:4:3: note: declared here
)");
}

TEST_CASE("tensors that nothing writes") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  C: {ranks: [K]}
  Y: {ranks: [K], role: output}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n] * C[k]
)") == R"(c.yaml:6:3: error[tensor-never-written]: no Einsum writes `C`, which is an intermediate
 6 |   C: {ranks: [K]}
   |   ^
help: a tensor given from outside has `role: input`
c.yaml:7:3: error[tensor-never-written]: no Einsum writes `Y`, which is an output
 7 |   Y: {ranks: [K], role: output}
   |   ^
)");
}

TEST_CASE("tensors that nothing reads") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  C: {ranks: [K], role: input}
  D: {ranks: [M]}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
  - D[m] = sum(k) A[m,k]
)") == R"(c.yaml:6:3: error[tensor-unused]: no Einsum reads input `C`
 6 |   C: {ranks: [K], role: input}
   |   ^
c.yaml:7:3: error[tensor-unused]: no other Einsum reads intermediate `D`
 7 |   D: {ranks: [M]}
   |   ^
help: a result of the cascade has `role: output`
)");
}

TEST_CASE("a tensor read before it is written") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  C: {ranks: [K]}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n] * C[k]
  - C[k] = sum(m) A[m,k]
)") ==
      R"(c.yaml:9:39: error[einsum-read-before-write]: `C` is read before it is written; Einsums stand in an order in which they can run
 9 |   - Z[m,n] = sum(k) A[m,k] * B[k,n] * C[k]
   |                                       ^
c.yaml:10:5: note: written here
)");
}

TEST_CASE("a cycle names its Einsums") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  C: {ranks: [K]}
  D: {ranks: [M]}
  Z: {ranks: [M, N], role: output}
einsums:
  - C[k] = sum(m) D[m] * A[m,k]
  - D[m] = sum(k) C[k] * A[m,k]
  - Z[m,n] = sum(k) A[m,k] * B[k,n] * C[k]
)") ==
      R"(c.yaml:10:5: error[einsum-cycle]: cyclic cascade: `C` needs `D` needs `C`; only a state of an earlier iteration may close a cycle
 10 |   - C[k] = sum(m) D[m] * A[m,k]
    |     ^
c.yaml:11:5: note: `D` is written here
)");
}

TEST_CASE("a tensor that needs itself") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) Z[m,n] + A[m,k] * B[k,n]")) ==
      R"(c.yaml:8:5: error[einsum-cycle]: cyclic cascade: `Z` needs `Z`; only a state of an earlier iteration may close a cycle
 8 |   - Z[m,n] = sum(k) Z[m,n] + A[m,k] * B[k,n]
   |     ^
)");
}

TEST_CASE("an iteration interrupted by another Einsum") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  U: {ranks: [T, D]}
  C: {ranks: [D]}
  S: {ranks: [T, D], initial: 0}
  Y: {ranks: [D], role: output}
einsums:
  - U[t,d] = S[t,d] + X[t,d]
  - C[d] = sum(t) X[t,d]
  - S[t+1,d] = U[t,d] * C[d]
  - Y[d] = S[T,d]
)") ==
      R"(c.yaml:12:5: error[einsum-iteration-interrupted]: `C` is no step of the iteration over `t` but stands inside it; all Einsums from the first reader of a state to its writer are one iteration
 12 |   - C[d] = sum(t) X[t,d]
    |     ^
c.yaml:13:5: note: the state `S` is written here
)");
}
