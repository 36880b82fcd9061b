// SPDX-License-Identifier: Apache-2.0
// Is every mistake in the text of an Einsum reported at its token, with the complete message?
#include <catch2/catch.hpp>

#include "unit/einsum/cascades.hpp"

using namespace einloom::test;

TEST_CASE("a missing operand points at the token that stands in its place") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * * B[k,n]")) ==
      R"(c.yaml:8:30: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `*`
 8 |   - Z[m,n] = sum(k) A[m,k] * * B[k,n]
   |                              ^
)");
}

TEST_CASE("a text that ends too early points just after it") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] *")) ==
      R"(c.yaml:8:29: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found the end
 8 |   - Z[m,n] = sum(k) A[m,k] *
   |                             ^
)");
}

TEST_CASE("two values without an operator") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] B[k,n]")) ==
        R"(c.yaml:8:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `B`
 8 |   - Z[m,n] = sum(k) A[m,k] B[k,n]
   |                            ^
help: a product is written with `*`
)");
}

TEST_CASE("a missing bracket") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k * B[k,n]")) ==
        R"(c.yaml:8:35: error[einsum-syntax]: expected `,` or `]` in an index list; found the end
 8 |   - Z[m,n] = sum(k) A[m,k * B[k,n]
   |                                   ^
)");
}

TEST_CASE("no equals sign") {
  CHECK(errors_of(matrix_document("Z[m,n] + A[m,k]")) ==
        R"(c.yaml:8:12: error[einsum-syntax]: expected `=` after the output; found `+`
 8 |   - Z[m,n] + A[m,k]
   |            ^
help: an Einsum is `X[i,j] = …`, with `=` alone
)");
}

TEST_CASE("no output") {
  CHECK(errors_of(matrix_document("3 = A[m,k]")) ==
        R"(c.yaml:8:5: error[einsum-syntax]: expected the output tensor with its indices, `X[i,j]`; found `3`
 8 |   - 3 = A[m,k]
   |     ^
)");
}

TEST_CASE("an index with two variables multiplied") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) A[m*k,k] * B[k,n]")) ==
      R"(c.yaml:8:23: error[einsum-syntax]: `m*k` multiplies two variables; an index term is affine: at most one variable times one symbol
 8 |   - Z[m,n] = sum(k) A[m*k,k] * B[k,n]
   |                       ^^^
)");
}

TEST_CASE("mixed case in an index") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) A[Mk,k] * B[k,n]")) ==
      R"(c.yaml:8:23: error[einsum-syntax]: `Mk` mixes upper and lower case; index variables are lower case (m1), ranks and parameters are upper case (M1)
 8 |   - Z[m,n] = sum(k) A[Mk,k] * B[k,n]
   |                       ^^
)");
}

TEST_CASE("a tensor without indices") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) Am * B[k,n]")) ==
        R"(c.yaml:8:21: error[einsum-syntax]: `Am` is neither an index variable (lower case) nor a symbol (upper case)
 8 |   - Z[m,n] = sum(k) Am * B[k,n]
   |                     ^^
help: a tensor is written with its indices: `Am[…]`
)");
}

TEST_CASE("a predicate without comparison") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] | m and n < 3")) ==
        R"(c.yaml:8:41: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `and`
 8 |   - Z[m,n] = sum(k) A[m,k] * B[k,n] | m and n < 3
   |                                         ^^^
)");
}

TEST_CASE("a reduced rank") {
  CHECK(errors_of(matrix_document("Z[m,n] = sum(K) A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:18: error[einsum-syntax]: `K` is reduced; only an index variable (lower case) can be reduced
 8 |   - Z[m,n] = sum(K) A[m,k] * B[k,n]
   |                  ^
)");
}

TEST_CASE("an index too large") {
  CHECK(
      errors_of(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] | m < 99999999999999999999")) ==
      R"(c.yaml:8:43: error[einsum-syntax]: `99999999999999999999` is too large for an index; the largest whole number here is 2^40
 8 |   - Z[m,n] = sum(k) A[m,k] * B[k,n] | m < 99999999999999999999
   |                                           ^^^^^^^^^^^^^^^^^^^^
)");
}

TEST_CASE("the place is found inside quotes") {
  CHECK(
      errors_of(matrix_document(R"("Z[m,n] = sum(k) A[m,k] ** B[k,n]")")) ==
      R"(c.yaml:8:30: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `*`
 8 |   - "Z[m,n] = sum(k) A[m,k] ** B[k,n]"
   |                              ^
help: a power is `pow(x, 3)` or `square(x)`
)");
}

TEST_CASE("the place is found in a folded line") {
  CHECK(
      errors_of(matrix_document(R"(Z[m,n] = sum(k) A[m,k]
    ** B[k,n])")) ==
      R"(c.yaml:9:6: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `*`
 9 |     ** B[k,n]
   |      ^
help: a power is `pow(x, 3)` or `square(x)`
)");
}

TEST_CASE("an unknown reduction names the nearest") {
  CHECK(errors_of(matrix_document("Z[m,n] = summ(k) A[m,k] * B[k,n]")) ==
        R"(c.yaml:8:14: error[einsum-unknown-reduction]: `summ` is no reduction operator
 8 |   - Z[m,n] = summ(k) A[m,k] * B[k,n]
   |              ^^^^
help: did you mean `sum`?
)");
}

TEST_CASE("nesting is limited") {
  const std::string text = "Z[m,n] = sum(k) " + std::string(65, '(') + "A[m,k]" + std::string(65, ')') + " * B[k,n]";
  CHECK_THAT(errors_of(matrix_document(text)),
             Catch::StartsWith(
                 "c.yaml:8:85: error[einsum-nesting]: more than 64 levels of brackets here; at most 64 are read\n"));
  CHECK_THAT(errors_of(matrix_document("Z[m,n] = sum(k) " + std::string(65, '-') + "A[m,k] * B[k,n]")),
             Catch::StartsWith(
                 "c.yaml:8:85: error[einsum-nesting]: more than 64 levels of signs here; at most 64 are read\n"));
  const std::string deepest = "Z[m,n] = sum(k) " + std::string(63, '(') + "A[m,k]" + std::string(63, ')') + " * B[k,n]";
  CHECK(errors_of(matrix_document(deepest)).empty());
}

TEST_CASE("length is limited") {
  std::string text = "Z[m,n] = sum(k) A[m,k] * B[k,n]";
  while (text.size() <= 4096 - 9) text += " + A[m,k]";
  CHECK(errors_of(matrix_document(text)).empty());
  text += " + A[m,k]";
  CHECK_THAT(errors_of(matrix_document(text)),
             Catch::StartsWith(
                 "c.yaml:8:5: error[einsum-too-long]: this Einsum has 4099 characters; at most 4096 are read\n"));
}
