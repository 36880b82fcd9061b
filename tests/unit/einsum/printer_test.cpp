// SPDX-License-Identifier: Apache-2.0
// Does a printed cascade load back to the same cascade, and is printing a fixed point?
#include <catch2/catch.hpp>

#include "einsum/parser.hpp"
#include "unit/einsum/cascades.hpp"
#include "unit/einsum/structure.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::string reprinted(const std::string& text) {
  const Einsum first = parse_einsum(text, {});
  const std::string printed = print_einsum(first);
  const Einsum second = parse_einsum(printed, {});
  INFO(text << " -> " << printed);
  CHECK(same(first, second));
  CHECK(print_einsum(second) == printed);
  return printed;
}

void check_round_trip(const Cascade& cascade) {
  const std::string printed = print_cascade(cascade);
  INFO(printed);
  const Cascade again = cascade_from(printed);
  CHECK(same(cascade, again));
  CHECK(print_cascade(again) == printed);
}

}  // namespace

TEST_CASE("Einsums print in one form") {
  CHECK(reprinted("Z[ m , n ]=sum( k )A[m,k]*B[k,n]") == "Z[m,n] = sum(k) A[m,k] * B[k,n]");
  CHECK(reprinted("Z[p] = sum(m1) sum(m0) A[m1,m0,p]") == "Z[p] = sum(m1,m0) A[m1,m0,p]");
  CHECK(reprinted("Z[p] = max(m1) sum(m0) min(A[m1,m0,p],1)") == "Z[p] = max(m1) sum(m0) min(A[m1,m0,p], 1)");
  CHECK(reprinted("Z[p] = a - (b - c) - d") == "Z[p] = a - (b - c) - d");
  CHECK(reprinted("Z[p] = (a - b) - c") == "Z[p] = a - b - c");
  CHECK(reprinted("Z[p] = a * (b + c) / (d * e)") == "Z[p] = a * (b + c) / (d * e)");
  CHECK(reprinted("Z[p] = a + b * c") == "Z[p] = a + b * c");
  CHECK(reprinted("Z[p] = a + (b + c)") == "Z[p] = a + (b + c)");
  CHECK(reprinted("Z[p] = -(a * b) * -c") == "Z[p] = -(a * b) * -c");
  CHECK(reprinted("Z[p] = --a") == "Z[p] = --a");
  CHECK(reprinted("Z[p] = add(a, mul(b, c))") == "Z[p] = a + b * c");
  CHECK(reprinted("Z[p] = max(m1,m0) (-A[m1,m0,p])") == "Z[p] = max(m1,m0) (-A[m1,m0,p])");
  CHECK(reprinted("Z[p] = 1e-9 + 0.5 + inf + 1e300 + 3") == "Z[p] = 1e-09 + 0.5 + inf + 1e+300 + 3");
  CHECK(reprinted("Z[t+1] = A[2*3*m*W - 1, -p, 0, T]") == "Z[t+1] = A[6*m*W-1,-p,0,T]");
  CHECK(reprinted("Z[p] = A[p] | p<3 and m1*M0+m0>=p-1 and p!=m1") ==
        "Z[p] = A[p] | p < 3 and m1*M0+m0 >= p-1 and p != m1");
  CHECK(reprinted("Z[] = A[]") == "Z[] = A[]");
}

TEST_CASE("the shipped cascades print back to themselves") {
  for (const auto* name : {"attention_1pass", "attention_2pass", "attention_3pass"})
    check_round_trip(shipped_cascade(name));
}

TEST_CASE("every key of a cascade survives printing") {
  const Cascade cascade = cascade_from(R"(cascade: every_key
description: "with: a colon, a \"quote\", a # and\ta tab"
paper: 'null'
reference: softmax_attention
ranks: [T, D, M]
partitions: {M: [M1, M0]}
parameters: {M0: 8, W: 3}
iterative: [T]
tensors:
  X: {ranks: [T, D, M], role: input, dtype: bf16}
  S: {ranks: [T, D], initial: -1.5}
  R: {ranks: [T, D], initial: -inf}
  Y: {ranks: [D], role: output, dtype: fp32}
einsums:
  - S[t+1,d] = sum(m1,m0) S[t,d] + X[t,d,m1*M0+m0] | m1 < W
  - R[t+1,d] = max(R[t,d], S[t+1,d])
  - Y[d] = S[T,d] - R[T,d] * 1e-3
)");
  check_round_trip(cascade);
  CHECK(print_cascade(cascade).find("paper: \"null\"\n") != std::string::npos);
}
