// SPDX-License-Identifier: Apache-2.0
// Are names, ranks, partitions and parameters checked with the complete message?
#include <catch2/catch.hpp>

#include "unit/einsum/cascades.hpp"

using namespace einloom::test;

TEST_CASE("names have a spelling") {
  CHECK(errors_of(R"(cascade: Big
ranks: [m, N]
tensors:
  A: {ranks: [N], role: input}
  z-1: {ranks: [N], role: output}
einsums:
  - Z[n] = A[n]
)") == R"(c.yaml:1:10: error[cascade-name]: cascade `Big`: a cascade's name has lower-case letters, digits and `_`
 1 | cascade: Big
   |          ^^^
c.yaml:2:9: error[cascade-name]: rank `m`: the name of a rank has upper-case letters, digits and `_`; its index variable is the lower-case name
 2 | ranks: [m, N]
   |         ^
c.yaml:5:3: error[cascade-name]: tensor `z-1`: a tensor's name has letters, digits and `_`
 5 |   z-1: {ranks: [N], role: output}
   |   ^^^
c.yaml:7:5: error[einsum-unknown-tensor]: there is no tensor `Z`
 7 |   - Z[n] = A[n]
   |     ^
help: did you mean `A`?
)");
}

TEST_CASE("words of the language are no ranks") {
  CHECK(errors_of(R"(cascade: c
ranks: [N, INF]
tensors:
  A: {ranks: [N, INF], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = A[n,3]
)") == R"(c.yaml:2:12: error[cascade-name]: rank `INF`: `inf` is a word of the language
 2 | ranks: [N, INF]
   |            ^^^
)");
}

TEST_CASE("names are unique") {
  CHECK(errors_of(R"(cascade: c
ranks: [N, N]
parameters: {N: 3}
tensors:
  A: {ranks: [N, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = A[n,n]
)") == R"(c.yaml:2:12: error[cascade-duplicate-name]: rank `N`: the name is already taken
 2 | ranks: [N, N]
   |            ^
c.yaml:2:9: note: first declared here
c.yaml:3:14: error[cascade-duplicate-name]: parameter `N`: the name is already taken
 3 | parameters: {N: 3}
   |              ^
c.yaml:2:9: note: first declared here
c.yaml:5:3: error[cascade-duplicate-name]: tensor `A` has rank `N` twice
 5 |   A: {ranks: [N, N], role: input}
   |   ^
)");
}

TEST_CASE("ranks must be declared") {
  CHECK(errors_of(R"(cascade: c
ranks: [N]
iterative: [T]
partitions: {M: [M1, M0]}
parameters: {M0: 2}
tensors:
  A: {ranks: [N, MM], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[n,m1*M0+m0]
)") == R"(c.yaml:3:13: error[cascade-unknown-rank]: `iterative` names rank `T`, which is not declared
 3 | iterative: [T]
   |             ^
help: did you mean `N`?
c.yaml:4:14: error[cascade-unknown-rank]: `partitions` names rank `M`, which is not declared
 4 | partitions: {M: [M1, M0]}
   |              ^
help: did you mean `N`?
c.yaml:7:3: error[cascade-unknown-rank]: tensor `A` names rank `MM`, which is not declared
 7 |   A: {ranks: [N, MM], role: input}
   |   ^
help: did you mean `M1`?
)");
}

TEST_CASE("the inner part is a parameter") {
  CHECK(
      errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M1: 4}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[m1*M0+m0,n]
)") ==
      R"(c.yaml:3:14: error[cascade-partition]: part `M0` has no extent; the inner part of a partition is a parameter of the same name
 3 | partitions: {M: [M1, M0]}
   |              ^
help: parameters: {M0: 256}
c.yaml:4:14: error[cascade-partition]: part `M1` cannot be a parameter; its extent follows from `M` and `M0`
 4 | parameters: {M1: 4}
   |              ^^
)");
}

TEST_CASE("a partition has two parts") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1]}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m) A[m,n]
)") == R"(c.yaml:3:17: error[cascade-partition]: `M` has 1 part; a partition has two, [outer, inner]
 3 | partitions: {M: [M1]}
   |                 ^
help: M: [M1, M0]
)");
}

TEST_CASE("an inner part has an extent") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N]
partitions: {M: [M1, M0]}
parameters: {M0: 0}
tensors:
  A: {ranks: [M, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = sum(m1,m0) A[m1*M0+m0,n]
)") == R"(c.yaml:4:14: error[cascade-partition]: part `M0` has extent 0; an extent is at least 1
 4 | parameters: {M0: 0}
   |              ^^
)");
}

TEST_CASE("unused ranks and parameters") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K, L]
partitions: {N: [N1, N0]}
parameters: {N0: 2, W: 3}
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
)") == R"(c.yaml:2:18: error[cascade-rank-unused]: rank `L` is declared and no tensor or Einsum uses it
 2 | ranks: [M, N, K, L]
   |                  ^
c.yaml:3:14: error[cascade-rank-unused]: rank `N` is partitioned into `N1` and `N0`, and no Einsum uses a part
 3 | partitions: {N: [N1, N0]}
   |              ^
c.yaml:4:21: error[cascade-parameter-unused]: parameter `W` is declared and no Einsum uses it
 4 | parameters: {N0: 2, W: 3}
   |                     ^
)");
}

TEST_CASE("an unknown reference kernel") {
  CHECK(errors_of(R"(cascade: c
reference: softmax_atention
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
)") == R"(c.yaml:2:12: error[cascade-unknown-reference]: there is no reference kernel `softmax_atention`
 2 | reference: softmax_atention
   |            ^^^^^^^^^^^^^^^^
help: did you mean `softmax_attention`?
)");
}

TEST_CASE("no Einsum") {
  CHECK(errors_of(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: output}
einsums: []
)") == R"(c.yaml:7:10: error[yaml-type]: `einsums` is a list of at least one Einsum
 7 | einsums: []
   |          ^
help: - Z[m,n] = sum(k) A[m,k] * B[k,n]
)");
}
