// SPDX-License-Identifier: Apache-2.0
// Do operation counts follow the conventions and the published closed forms?
#include "einsum/counts.hpp"

#include <catch2/catch.hpp>

#include "einsum/parser.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

OperationCounts per_point(const std::string& text) { return operations_per_point(parse_einsum(text, {})); }

}  // namespace

TEST_CASE("operations of one point") {
  using Counts = OperationCounts;
  CHECK(per_point("Z[m,n] = sum(k) A[m,k] * B[k,n]") == Counts{{"mac", 1}});
  CHECK(per_point("Z[m,n] = sum(k) A[m,k] * B[k,n] * rsqrt(E)") == Counts{{"mac", 1}});
  CHECK(per_point("Z[m,n] = sum(k) A[m,k] / E * B[k,n]") == Counts{{"mac", 1}});
  CHECK(per_point("Z[m,n] = sum(k) A[m,k] * B[k,n] * C[k]") == Counts{{"mac", 1}, {"mul", 1}});
  CHECK(per_point("Z[m,n] = sum(k) exp(A[m,k]) * B[k,n]") == Counts{{"exp", 1}, {"mac", 1}});
  CHECK(per_point("Z[m] = sum(k) A[m,k]") == Counts{{"add", 1}});
  CHECK(per_point("Z[m] = sum(k) A[m,k] * rsqrt(E)") == Counts{{"add", 1}});
  CHECK(per_point("Z[m] = sum(k) A[m,k] + B[k,m]") == Counts{{"add", 2}});
  CHECK(per_point("Z[m] = sum(k) A[m,k] / B[k,m]") == Counts{{"add", 1}, {"div", 1}});
  CHECK(per_point("Z[m] = max(k) A[m,k] * B[k,m]") == Counts{{"max", 1}, {"mul", 1}});
  CHECK(per_point("Z[m] = prod(k) A[m,k]") == Counts{{"mul", 1}});
  CHECK(per_point("Z[m,p] = exp(A[m,p] - G[p])") == Counts{{"exp", 1}, {"sub", 1}});
  CHECK(per_point("Z[m,p] = A[m,p] / E + 1e-9") == Counts{{"add", 1}});
  CHECK(per_point("Z[m,p] = -(p - m) * log(2) * E").empty());  // arithmetic on index variables
  CHECK(per_point("Z[m,p] = exp(p - m) * log(2)") == Counts{{"exp", 1}});
  CHECK(per_point("Z[m,p] = A[m,p]").empty());
}

TEST_CASE("3-pass attention") {
  const Cascade cascade = shipped_cascade("attention_3pass");
  const auto counts =
      count_operations(cascade, shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 8}, {"M", 16}, {"E", 4}, {"F", 4}}));
  CHECK(counts == OperationCounts{{"add", 128}, {"div", 128}, {"exp", 128}, {"mac", 1024}, {"max", 128}, {"sub", 128}});
}

TEST_CASE("2-pass attention") {
  const Cascade cascade = shipped_cascade("attention_2pass");
  const auto counts = count_operations(
      cascade, shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 8}, {"M", 16}, {"E", 4}, {"F", 4}, {"M0", 4}}));
  // sub: one per exp; group 3 names the 128 of SLN, CF subtracts 32 more.
  CHECK(counts ==
        OperationCounts{
            {"add", 128}, {"div", 128}, {"exp", 160}, {"mac", 1056}, {"max", 160}, {"mul", 128}, {"sub", 160}});
}

TEST_CASE("1-pass attention") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const auto counts = count_operations(
      cascade, shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 8}, {"M", 16}, {"E", 4}, {"F", 4}, {"M0", 4}}));
  CHECK(counts ==
        OperationCounts{
            {"add", 288}, {"div", 32}, {"exp", 160}, {"mac", 1024}, {"max", 160}, {"mul", 160}, {"sub", 160}});
}

TEST_CASE("1-pass attention in closed form at several shapes, with a short last tile") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  for (const std::int64_t b : {1, 3}) {
    for (const std::int64_t p : {1, 7}) {
      for (const std::int64_t m : {1, 10, 64, 1000}) {
        const std::int64_t e = 5, f = 6, m0 = 16, m1 = (m + m0 - 1) / m0, n = b * p * m, c = b * p * m1;
        const auto counts = count_operations(
            cascade, shape_of(cascade, {{"B", b}, {"H", 1}, {"P", p}, {"M", m}, {"E", e}, {"F", f}, {"M0", m0}}));
        CHECK(counts == OperationCounts{{"add", n + c * (1 + f)},
                                        {"div", b * p * f},
                                        {"exp", n + c},
                                        {"mac", n * (e + f)},
                                        {"max", n + c},
                                        {"mul", c * (1 + f)},
                                        {"sub", n + c}});
      }
    }
  }
}

TEST_CASE("a million queries by a million keys, 64 batches and 16 heads") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const std::int64_t n = 1 << 20;
  const Shape shape = shape_of(cascade, {{"B", 64}, {"H", 16}, {"P", n}, {"M", n}, {"E", 64}, {"F", 64}});
  CHECK(count_operations(cascade, shape).at("mac") == 64 * 16 * n * n * 128);
  CHECK(count_points(cascade, cascade.einsum_position("QK"), shape) == 64 * 16 * n * n * 64);
}

TEST_CASE("causal points of later Einsums follow from the first predicate") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [P, M, E]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  Q: {ranks: [P, E], role: input}
  K: {ranks: [M, E], role: input}
  S: {ranks: [P, M1, M0]}
  G: {ranks: [P]}
  X: {ranks: [P, M1, M0], role: output}
einsums:
  - S[p,m1,m0] = sum(e) Q[p,e] * K[m1*M0+m0,e] | m1*M0+m0 <= p
  - G[p] = max(m1,m0) S[p,m1,m0]
  - X[p,m1,m0] = exp(S[p,m1,m0] - G[p])
)");
  const Shape shape = shape_of(cascade, {{"P", 16}, {"M", 14}, {"E", 3}});
  const std::int64_t n = 14 * 15 / 2 + 2 * 14;
  CHECK(count_operations(cascade, 0, shape) == OperationCounts{{"mac", 3 * n}});
  CHECK(count_operations(cascade, 1, shape) == OperationCounts{{"max", n}});
  CHECK(count_operations(cascade, 2, shape) == OperationCounts{{"exp", n}, {"sub", n}});
}

TEST_CASE("a reduction around another one combines its results only") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [N], role: output}
einsums:
  - Z[n] = max(m) sum(k) A[m,k] * B[k,n] | k < 3 and m != n
)");
  const Shape shape = shape_of(cascade, {{"M", 5}, {"N", 4}, {"K", 10}});
  CHECK(count_operations(cascade, 0, shape) == OperationCounts{{"mac", 16 * 3}, {"max", 16}});
}
