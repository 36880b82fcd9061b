// SPDX-License-Identifier: Apache-2.0
// Is every wrong name, index and variable of an Einsum reported with the complete message?
#include <catch2/catch.hpp>

#include "unit/einsum/cascades.hpp"

using namespace einloom::test;

TEST_CASE("an unknown tensor names the nearest") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * BB[k,n]")) ==
        R"(c.yaml:8:30: error[einsum-unknown-tensor]: there is no tensor `BB`
 8 |   - Z[m,n] = sum(k) A[m,k] * BB[k,n]
   |                              ^^
help: did you mean `B`?
)");
}

TEST_CASE("an unknown operator names the nearest") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) exq(A[m,k]) * B[k,n]")) ==
        R"(c.yaml:8:21: error[einsum-unknown-op]: there is no operator `exq`
 8 |   - Z[m,n] = sum(k) exq(A[m,k]) * B[k,n]
   |                     ^^^
help: did you mean `exp`?
)");
}

TEST_CASE("a tensor with parentheses") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B(k, n)")) ==
        R"(c.yaml:8:30: error[einsum-unknown-op]: there is no operator `B`
 8 |   - Z[m,n] = sum(k) A[m,k] * B(k, n)
   |                              ^
help: a tensor is indexed with brackets: `B[…]`
)");
}

TEST_CASE("a reduction inside an expression") {
  CHECK(errors_of(matrix_document("Z[m,n] = 1 + sum(k)*A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:18: error[einsum-unknown-op]: there is no operator `sum`
 8 |   - Z[m,n] = 1 + sum(k)*A[m,k] * B[k,n]
   |                  ^^^
help: `sum` reduces: it stands right after `=`, as in `= sum(m) X[m,p]`
)");
}

TEST_CASE("a wrong number of operands") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) max(A[m,k], 1, 2) * B[k,n]")) ==
        R"(c.yaml:8:21: error[einsum-op-arity]: `max` has 3 operands here; it takes 2
 8 |   - Z[m,n] = sum(k) max(A[m,k], 1, 2) * B[k,n]
   |                     ^^^
)");
}

TEST_CASE("an unknown index variable") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,kk] * B[k,n]")) ==
        R"(c.yaml:8:25: error[einsum-unknown-variable]: there is no rank `KK` for index variable `kk`
 8 |   - Z[m,n] = sum(k) A[m,kk] * B[k,n]
   |                         ^^
help: did you mean `k`?
)");
}

TEST_CASE("an unknown symbol") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] * rsqrt(E)")) ==
        R"(c.yaml:8:45: error[einsum-unknown-symbol]: `E` is neither a rank nor a parameter
 8 |   - Z[m,n] = sum(k) A[m,k] * B[k,n] * rsqrt(E)
   |                                             ^
help: did you mean `M`?
)");
}

TEST_CASE("a tensor used as a symbol") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] * A")) ==
        R"(c.yaml:8:39: error[einsum-unknown-symbol]: `A` is neither a rank nor a parameter
 8 |   - Z[m,n] = sum(k) A[m,k] * B[k,n] * A
   |                                       ^
help: a tensor is written with its indices: `A[…]`
)");
}

TEST_CASE("a wrong number of indices") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m] * B[k,n]")) ==
        R"(c.yaml:8:21: error[einsum-index-count]: `A` has 1 index here; it is declared with 2 ranks
 8 |   - Z[m,n] = sum(k) A[m] * B[k,n]
   |                     ^^^^
c.yaml:4:3: note: declared here with ranks [M, K]
)");
}

TEST_CASE("an index of another rank") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B[n,k]")) ==
        R"(c.yaml:8:32: error[einsum-index-rank]: index 1 of `B` is `n`; `B` has rank `K` there
 8 |   - Z[m,n] = sum(k) A[m,k] * B[n,k]
   |                                ^
c.yaml:5:3: note: declared here
help: the index variable of rank `K` is `k`
c.yaml:8:34: error[einsum-index-rank]: index 2 of `B` is `k`; `B` has rank `N` there
 8 |   - Z[m,n] = sum(k) A[m,k] * B[n,k]
   |                                  ^
c.yaml:5:3: note: declared here
help: the index variable of rank `N` is `n`
)");
}

TEST_CASE("an output index of another rank") {
  CHECK(errors_of(matrix_document("Z[n,m] = sum(k) A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:7: error[einsum-index-rank]: index 1 of `Z` is `n`; `Z` has rank `M` there
 8 |   - Z[n,m] = sum(k) A[m,k] * B[k,n]
   |       ^
c.yaml:6:3: note: declared here
help: the index variable of rank `M` is `m`
c.yaml:8:9: error[einsum-index-rank]: index 2 of `Z` is `m`; `Z` has rank `N` there
 8 |   - Z[n,m] = sum(k) A[m,k] * B[k,n]
   |         ^
c.yaml:6:3: note: declared here
help: the index variable of rank `N` is `n`
)");
}

TEST_CASE("an output index that is computed") {
  CHECK(
      errors_of(matrix_document("Z[m,n+1] = sum(k) A[m,k] * B[k,n]")) ==
      R"(c.yaml:8:9: error[einsum-output-index]: `n+1` is no index of an output; an output index is one variable, or variable+1 of an iterative rank
 8 |   - Z[m,n+1] = sum(k) A[m,k] * B[k,n]
   |         ^^^
)");
}

TEST_CASE("a variable twice in the output") {
  CHECK(errors_of(matrix_document("Z[m,m] = sum(k) A[m,k] * B[k,m]")) ==
        R"(c.yaml:8:9: error[einsum-duplicate-variable]: index variable `m` stands twice in the output
 8 |   - Z[m,m] = sum(k) A[m,k] * B[k,m]
   |         ^
c.yaml:8:34: error[einsum-index-rank]: index 2 of `B` is `m`; `B` has rank `N` there
 8 |   - Z[m,m] = sum(k) A[m,k] * B[k,m]
   |                                  ^
c.yaml:5:3: note: declared here
help: the index variable of rank `N` is `n`
)");
}

TEST_CASE("a variable reduced twice") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k,k) A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:20: error[einsum-duplicate-variable]: index variable `k` is reduced twice
 8 |   - Z[m,n] = sum(k,k) A[m,k] * B[k,n]
   |                    ^
)");
}

TEST_CASE("a variable reduced and in the output") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(n) A[m,k] * B[k,n]")) ==
      R"(c.yaml:8:18: error[einsum-reduced-in-output]: index variable `n` is reduced and stands in the output; it can only do one
 8 |   - Z[m,n] = sum(n) A[m,k] * B[k,n]
   |                  ^
c.yaml:8:25: error[einsum-unbound-variable]: index variable `k` is neither in the output nor reduced
 8 |   - Z[m,n] = sum(n) A[m,k] * B[k,n]
   |                         ^
help: add `k` to the indices of `Z`, or reduce it: `sum(k) …`
)");
}

TEST_CASE("an unbound variable") {
  CHECK(errors_of(matrix_document("Z[m,n] = A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:18: error[einsum-unbound-variable]: index variable `k` is neither in the output nor reduced
 8 |   - Z[m,n] = A[m,k] * B[k,n]
   |                  ^
help: add `k` to the indices of `Z`, or reduce it: `sum(k) …`
)");
}

TEST_CASE("an output variable that is not used") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k]")) ==
        R"(c.yaml:5:3: error[tensor-unused]: no Einsum reads input `B`
 5 |   B: {ranks: [K, N], role: input}
   |   ^
c.yaml:8:9: error[einsum-unused-variable]: output variable `n` does not appear right of `=`; every variable does
 8 |   - Z[m,n] = sum(k) A[m,k]
   |         ^
)");
}

TEST_CASE("a reduced variable that is not used") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[3,n] | m1 < 2
)") ==
      R"(c.yaml:9:19: error[einsum-unused-variable]: reduced variable `m0` does not appear right of `=`; every variable does
 9 |   - Z[n] = sum(m1,m0) A[3,n] | m1 < 2
   |                   ^^
)");
}

TEST_CASE("parts in the wrong order") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[m0*M0+m1,n]
)") == R"(c.yaml:9:25: error[einsum-index-rank]: index 1 of `A` is `m0*M0+m1`; `A` has rank `M` there
 9 |   - Z[n] = sum(m1,m0) A[m0*M0+m1,n]
   |                         ^^^^^^^^
c.yaml:6:3: note: declared here
help: an index of rank `M` is `m` or, by parts, `m1*M0+m0`
)");
}

TEST_CASE("a part alone") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[m1,n] | m0 < 2
)") == R"(c.yaml:9:25: error[einsum-index-rank]: index 1 of `A` is `m1`; `A` has rank `M` there
 9 |   - Z[n] = sum(m1,m0) A[m1,n] | m0 < 2
   |                         ^^
c.yaml:6:3: note: declared here
help: an index of rank `M` is `m` or, by parts, `m1*M0+m0`
)");
}

TEST_CASE("the extent as an index") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[M,n] | m1*M0+m0 < M
)") == R"(c.yaml:9:25: error[einsum-index-rank]: index 1 of `A` is `M`; `A` has rank `M` there
 9 |   - Z[n] = sum(m1,m0) A[M,n] | m1*M0+m0 < M
   |                         ^
c.yaml:6:3: note: declared here
help: `M` is the extent; the index variable is `m`, and only a tensor written at `m+1` has that last state
)");
}

TEST_CASE("all errors of an Einsum in the order of the text") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) exq(A[m]) * BB[k,n] * rsqrt(E)")) ==
        R"(c.yaml:8:21: error[einsum-unknown-op]: there is no operator `exq`
 8 |   - Z[m,n] = sum(k) exq(A[m]) * BB[k,n] * rsqrt(E)
   |                     ^^^
help: did you mean `exp`?
c.yaml:8:25: error[einsum-index-count]: `A` has 1 index here; it is declared with 2 ranks
 8 |   - Z[m,n] = sum(k) exq(A[m]) * BB[k,n] * rsqrt(E)
   |                         ^^^^
c.yaml:4:3: note: declared here with ranks [M, K]
c.yaml:8:33: error[einsum-unknown-tensor]: there is no tensor `BB`
 8 |   - Z[m,n] = sum(k) exq(A[m]) * BB[k,n] * rsqrt(E)
   |                                 ^^
help: did you mean `B`?
c.yaml:8:49: error[einsum-unknown-symbol]: `E` is neither a rank nor a parameter
 8 |   - Z[m,n] = sum(k) exq(A[m]) * BB[k,n] * rsqrt(E)
   |                                                 ^
help: did you mean `M`?
)");
}

TEST_CASE("an index of a state") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  S: {ranks: [T, D], initial: 0}
  Y: {ranks: [D], role: output}
einsums:
  - S[t+1,d] = S[t,d] + X[t,d]
  - Y[d] = S[3,d]
)") ==
      R"(c.yaml:10:14: error[einsum-state-index]: `3` is no state of `S`; its states are read as `t` (previous), `t+1` (new) and `T` (last)
 10 |   - Y[d] = S[3,d]
    |              ^
c.yaml:6:3: note: declared here
)");
}

TEST_CASE("a predicate that is not affine after rewriting") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 4, W: 2}
tensors:
  A: {ranks: [M, N], role: input}
  Y: {ranks: [M, N]}
  Z: {ranks: [N], role: output}
einsums:
  - Y[m,n] = A[m,n] | m*W <= n
  - Z[n] = sum(m1,m0) Y[m1*M0+m0,n]
)") ==
      R"(c.yaml:11:23: error[einsum-domain]: `Y` has points only where m*W <= n; with these indices that is no affine predicate
 11 |   - Z[n] = sum(m1,m0) Y[m1*M0+m0,n]
    |                       ^^^^^^^^^^^^^
c.yaml:10:23: note: the predicate comes from here
)");
}
