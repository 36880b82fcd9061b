// SPDX-License-Identifier: Apache-2.0
// Mistakes inside an Einsum's text: numbers, indices, predicates, names. Does each get the whole message, with the
// caret under the very token?
#include "errors/einsum_frame.hpp"

namespace einloom::test {
namespace {

TEST_CASE("Einsums: numbers") {
  check_einsums({
      {R"(S[p,m] = sum(e) 2Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `2Q`
 12 |   - S[p,m] = sum(e) 2Q[p,e] * K[m,e]
    |                     ^^
help: a product is written with `*`
)"},
      {R"(S[p,m] = sum(e) 2 Q[p,e] * K[m,e])",
       R"(c.yaml:12:23: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `Q`
 12 |   - S[p,m] = sum(e) 2 Q[p,e] * K[m,e]
    |                       ^
help: a product is written with `*`
)"},
      {R"(S[p,m] = sum(e) .5 * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `.`
 12 |   - S[p,m] = sum(e) .5 * Q[p,e] * K[m,e]
    |                     ^
help: a number begins with a digit, as in `0.5`
)"},
      {R"(S[p,m] = sum(e) 1e * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `1e`
 12 |   - S[p,m] = sum(e) 1e * Q[p,e] * K[m,e]
    |                     ^^
help: an exponent has digits, as in `1e-5`
)"},
      {R"(S[p,m] = sum(e) 0x10 * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `0x10`
 12 |   - S[p,m] = sum(e) 0x10 * Q[p,e] * K[m,e]
    |                     ^^^^
help: numbers are decimal
)"},
      {R"(S[p,m] = sum(e) 1_000 * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `1_000`
 12 |   - S[p,m] = sum(e) 1_000 * Q[p,e] * K[m,e]
    |                     ^^^^^
help: the digits of a number stand together
)"},
      {R"(S[p,m] = sum(e) 1.5.2 * Q[p,e] * K[m,e])",
       R"(c.yaml:12:24: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `.`
 12 |   - S[p,m] = sum(e) 1.5.2 * Q[p,e] * K[m,e]
    |                        ^
)"},
      {R"(S[p,m] = sum(e) 1e400 * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: `1e400` is outside the range of a double
 12 |   - S[p,m] = sum(e) 1e400 * Q[p,e] * K[m,e]
    |                     ^^^^^
)"},
  });
}

TEST_CASE("Einsums: signs of other notations") {
  check_einsums({
      {R"(S[p,m] = sum(e) Q[p,e] × K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `×`
 12 |   - S[p,m] = sum(e) Q[p,e] × K[m,e]
    |                            ^
help: `×` is written `*`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] − K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `−`
 12 |   - S[p,m] = sum(e) Q[p,e] − K[m,e]
    |                            ^
help: `−` is written `-`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | m ≤ p)",
       R"(c.yaml:12:41: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `≤`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | m ≤ p
    |                                         ^
help: `≤` is written `<=`
)"},
      {R"(S[p,m] = Σ(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:14: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `Σ`
 12 |   - S[p,m] = Σ(e) Q[p,e] * K[m,e]
    |              ^
)"},
  });
}

TEST_CASE("Einsums: indices") {
  check_einsums({
      {R"(S[p,m] = sum(e) Q[p,e+] * K[m,e])",
       R"(c.yaml:12:27: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `]`
 12 |   - S[p,m] = sum(e) Q[p,e+] * K[m,e]
    |                           ^
)"},
      {R"(S[p,m] = sum(e) Q[p,*e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `*`
 12 |   - S[p,m] = sum(e) Q[p,*e] * K[m,e]
    |                         ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e*] * K[m,e])",
       R"(c.yaml:12:27: error[einsum-syntax]: expected an index variable, a symbol or a whole number; found `]`
 12 |   - S[p,m] = sum(e) Q[p,e*] * K[m,e]
    |                           ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e/2] * K[m,e])",
       R"(c.yaml:12:26: error[einsum-syntax]: expected `,` or `]` in an index list; found `/`
 12 |   - S[p,m] = sum(e) Q[p,e/2] * K[m,e]
    |                          ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,1.5] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `1.5`
 12 |   - S[p,m] = sum(e) Q[p,1.5] * K[m,e]
    |                         ^^^
help: an index has whole numbers only
)"},
      {R"(S[p,m] = sum(e) Q[p,(e+1)] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `(`
 12 |   - S[p,m] = sum(e) Q[p,(e+1)] * K[m,e]
    |                         ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,2e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `2e`
 12 |   - S[p,m] = sum(e) Q[p,2e] * K[m,e]
    |                         ^^
help: a factor is written with `*`, as in `2*m`
)"},
      {R"(S[p,m] = sum(e) Q[p,e 1] * K[m,e])",
       R"(c.yaml:12:27: error[einsum-syntax]: expected `,` or `]` in an index list; found `1`
 12 |   - S[p,m] = sum(e) Q[p,e 1] * K[m,e]
    |                           ^
help: indices are separated by `,`, a variable and its factor by `*`
)"},
      {R"(S[p,m] = sum(e) Q[p,min(e)] * K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected `,` or `]` in an index list; found `(`
 12 |   - S[p,m] = sum(e) Q[p,min(e)] * K[m,e]
    |                            ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,:] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `:`
 12 |   - S[p,m] = sum(e) Q[p,:] * K[m,e]
    |                         ^
help: an index is written for every rank; there are no ranges
)"},
      {R"(S[p,m] = sum(e) Q[...] * K[m,e])",
       R"(c.yaml:12:23: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `.`
 12 |   - S[p,m] = sum(e) Q[...] * K[m,e]
    |                       ^
help: an index is written for every rank
)"},
      {R"(S[p,m] = sum(e) Q[p][e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `[`
 12 |   - S[p,m] = sum(e) Q[p][e] * K[m,e]
    |                         ^
help: all indices stand in one pair of brackets, as in `X[i,j]`
)"},
      {R"(S[p,m] = sum(e) Q[p,e*P*M] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: `e*P*M` multiplies two symbols; an index term is affine: at most one variable times one symbol
 12 |   - S[p,m] = sum(e) Q[p,e*P*M] * K[m,e]
    |                         ^^^^^
)"},
      {R"(S[p,m] = sum(e) Q[IX[p],e * K[m,e])",
       R"(c.yaml:12:39: error[einsum-syntax]: expected `,` or `]` in an index list; found the end
 12 |   - S[p,m] = sum(e) Q[IX[p],e * K[m,e]
    |                                       ^
)"},
      {R"(S[p,m] = sum(e) Q[IX[p]*IX[p],e] * K[m,e])",
       R"(c.yaml:12:23: error[einsum-syntax]: `IX[p]*IX[p]` multiplies an index tensor's element by a variable or by another one; at most one of them times one symbol stands in a term
 12 |   - S[p,m] = sum(e) Q[IX[p]*IX[p],e] * K[m,e]
    |                       ^^^^^^^^^^^
)"},
      {R"(S[p,m] = sum(e) Q[p,2*1099511627776*e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: the product of whole numbers in this index is above 2^40
 12 |   - S[p,m] = sum(e) Q[p,2*1099511627776*e] * K[m,e]
    |                         ^^^^^^^^^^^^^^^^^
)"},
      {R"(S[p,m] = sum(e) Q[p,e+F] * K[m,e])",
       R"(c.yaml:12:27: error[einsum-unknown-symbol]: `F` is neither a rank nor a parameter
 12 |   - S[p,m] = sum(e) Q[p,e+F] * K[m,e]
    |                           ^
help: did you mean `P`?
)"},
      {R"(S[p,m] = sum(e) Q[p,2*x] * K[m,e])",
       R"(c.yaml:12:27: error[einsum-unknown-variable]: there is no rank `X` for index variable `x`
 12 |   - S[p,m] = sum(e) Q[p,2*x] * K[m,e]
    |                           ^
help: did you mean `p`?
)"},
  });
}

TEST_CASE("Einsums: predicates") {
  check_einsums({
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] |)",
       R"(c.yaml:12:38: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found the end
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] |
    |                                      ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p)",
       R"(c.yaml:12:40: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found the end
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p
    |                                        ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p <=)",
       R"(c.yaml:12:43: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found the end
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p <=
    |                                           ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p = m)",
       R"(c.yaml:12:41: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `=`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p = m
    |                                         ^
help: equal is `==`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | m =< p)",
       R"(c.yaml:12:41: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `=<`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | m =< p
    |                                         ^^
help: less or equal is `<=`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | m <> p)",
       R"(c.yaml:12:42: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `>`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | m <> p
    |                                          ^
help: unequal is `!=`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m and)",
       R"(c.yaml:12:48: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found the end
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m and
    |                                                ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m or p > 2)",
       R"(c.yaml:12:45: error[einsum-syntax]: expected `and` or the end of the Einsum; found `or`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m or p > 2
    |                                             ^^
help: predicates are joined by `and` alone; alternatives are computed into a whole-number tensor
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m && p > 2)",
       R"(c.yaml:12:45: error[einsum-syntax]: expected `and` or the end of the Einsum; found `&&`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m && p > 2
    |                                             ^^
help: predicates are joined by `and` alone; alternatives are computed into a whole-number tensor
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m, m < 3)",
       R"(c.yaml:12:44: error[einsum-syntax]: expected `and` or the end of the Einsum; found `,`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p < m, m < 3
    |                                            ^
help: predicates are joined by `and` alone; alternatives are computed into a whole-number tensor
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | 0 < m < 3)",
       R"(c.yaml:12:45: error[einsum-syntax]: expected `and` or the end of the Einsum; found `<`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | 0 < m < 3
    |                                             ^
help: a range is two predicates, as in `0 < m and m < 3`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | not p < m)",
       R"(c.yaml:12:43: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `p`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | not p < m
    |                                           ^
help: there is no `not`: the opposite of `<` is `>=`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | (p < m))",
       R"(c.yaml:12:39: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `(`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | (p < m)
    |                                       ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p/2 < m)",
       R"(c.yaml:12:40: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `/`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p/2 < m
    |                                        ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p < 1.5)",
       R"(c.yaml:12:43: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `1.5`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p < 1.5
    |                                           ^^^
help: an index has whole numbers only
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | abs(p) < m)",
       R"(c.yaml:12:42: error[einsum-syntax]: expected a comparison (< <= > >= == !=); found `(`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | abs(p) < m
    |                                          ^
help: an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] || p < m)",
       R"(c.yaml:12:38: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `|`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] || p < m
    |                                      ^
help: predicates stand behind one `|`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | p <= 2*x)",
       R"(c.yaml:12:46: error[einsum-unknown-variable]: there is no rank `X` for index variable `x`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | p <= 2*x
    |                                              ^
help: did you mean `p`?
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | IX[m] < 2)",
       R"(c.yaml:12:42: error[einsum-index-rank]: index 1 of `IX` is `m`; `IX` has rank `P` there
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | IX[m] < 2
    |                                          ^
c.yaml:7:3: note: declared here
help: the index variable of rank `P` is `p`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | IY[p] < 2)",
       R"(c.yaml:12:39: error[einsum-unknown-tensor]: there is no tensor `IY`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | IY[p] < 2
    |                                       ^^
help: did you mean `IX`?
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] | EPS < p)",
       R"(c.yaml:12:39: error[einsum-unknown-symbol]: `EPS` is neither a rank nor a parameter
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] | EPS < p
    |                                       ^^^
help: `EPS` is a constant, a real number; indices and predicates take whole numbers (`parameters`)
)"},
  });
}

TEST_CASE("Einsums: names") {
  check_einsums({
      {R"(S[p,m] = sum(e) Q(p,e) * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-op]: there is no operator `Q`
 12 |   - S[p,m] = sum(e) Q(p,e) * K[m,e]
    |                     ^
help: a tensor is indexed with brackets: `Q[…]`
)"},
      {R"(S[p,m] = sum(e) Q * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-symbol]: `Q` is neither a rank nor a parameter
 12 |   - S[p,m] = sum(e) Q * K[m,e]
    |                     ^
help: a tensor is written with its indices: `Q[…]`
)"},
      {R"(S[p,m] = sum(e) q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-tensor]: there is no tensor `q`
 12 |   - S[p,m] = sum(e) q[p,e] * K[m,e]
    |                     ^
help: did you mean `Q`?
)"},
      {R"(S[p,m] = sum(e) Q[P,e] * K[m,e])",
       R"(c.yaml:12:7: error[einsum-unused-variable]: output variable `p` does not appear right of `=`; every variable does
 12 |   - S[p,m] = sum(e) Q[P,e] * K[m,e]
    |       ^
c.yaml:12:23: error[einsum-index-rank]: index 1 of `Q` is `P`; `Q` has rank `P` there
 12 |   - S[p,m] = sum(e) Q[P,e] * K[m,e]
    |                       ^
c.yaml:5:3: note: declared here
help: `P` is the extent; the index variable is `p`, and only a tensor written at `p+1` has that last state
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] + eps)",
       R"(c.yaml:12:39: error[einsum-unknown-variable]: there is no rank `EPS` for index variable `eps`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] + eps
    |                                       ^^^
help: `EPS` is written in upper case; a lower-case name is an index variable
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] + Eps)",
       R"(c.yaml:12:39: error[einsum-syntax]: `Eps` is neither an index variable (lower case) nor a symbol (upper case)
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] + Eps
    |                                       ^^^
help: a tensor is written with its indices: `Eps[…]`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] + ESP)",
       R"(c.yaml:12:39: error[einsum-unknown-symbol]: `ESP` is neither a rank nor a parameter
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] + ESP
    |                                       ^^^
help: did you mean `EPS`?
)"},
  });
}

}  // namespace
}  // namespace einloom::test
