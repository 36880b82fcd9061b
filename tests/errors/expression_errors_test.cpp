// SPDX-License-Identifier: Apache-2.0
// Mistakes in an Einsum's text, of its form: what is left of `=`, reductions, operators, calls. Does each get the whole
// message, with the caret under the very token?
#include "errors/einsum_frame.hpp"

namespace einloom::test {
namespace {

TEST_CASE("Einsums: reductions that do not stand in front") {
  const std::string help =
      "help: reductions stand in front of the whole expression, as in `Z[p] = sum(m) 2 * X[p,m]`; what is done with a "
      "sum is an Einsum of its own\n";
  check_einsums({
      {R"(S[p,m] = 2 * sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `Q`
 12 |   - S[p,m] = 2 * sum(e) Q[p,e] * K[m,e]
    |                         ^
)" + help},
      {R"(S[p,m] = exp(sum(e) Q[p,e] * K[m,e]))",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an operator, `,` or `)` in a call; found `Q`
 12 |   - S[p,m] = exp(sum(e) Q[p,e] * K[m,e])
    |                         ^
)" + help},
      {R"(S[p,m] = K[m,0] + max(e) Q[p,e])",
       R"(c.yaml:12:30: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `Q`
 12 |   - S[p,m] = K[m,0] + max(e) Q[p,e]
    |                              ^
)" + help},
  });
}

TEST_CASE("Einsums: what stands left of `=`") {
  check_einsums({
      {R"(S[p,m])",
       R"(c.yaml:12:11: error[einsum-syntax]: expected `=` after the output; found the end
 12 |   - S[p,m]
    |           ^
)"},
      {R"(S[p,m] =)",
       R"(c.yaml:12:13: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found the end
 12 |   - S[p,m] =
    |             ^
)"},
      {R"(S = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:7: error[einsum-syntax]: expected the output tensor with its indices, `X[i,j]`; found `=`
 12 |   - S = sum(e) Q[p,e] * K[m,e]
    |       ^
help: a tensor is written with its indices: `S[…]`, or `S[]` when it has none
)"},
      {R"(S(p,m) = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:6: error[einsum-syntax]: expected the output tensor with its indices, `X[i,j]`; found `(`
 12 |   - S(p,m) = sum(e) Q[p,e] * K[m,e]
    |      ^
help: indices stand in brackets: `S[…]`
)"},
      {R"(S[p m] = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:9: error[einsum-syntax]: expected `,` or `]` in an index list; found `m`
 12 |   - S[p m] = sum(e) Q[p,e] * K[m,e]
    |         ^
help: indices are separated by `,`, a variable and its factor by `*`
)"},
      {R"(S[p,m = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:11: error[einsum-syntax]: expected `,` or `]` in an index list; found `=`
 12 |   - S[p,m = sum(e) Q[p,e] * K[m,e]
    |           ^
help: the bracket before it is not closed
)"},
      {R"(S[p,,m] = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:9: error[einsum-syntax]: expected an index (`m`, `m1*M0+m0`, a symbol or a whole number); found `,`
 12 |   - S[p,,m] = sum(e) Q[p,e] * K[m,e]
    |         ^
)"},
      {R"(S[p,m]] = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:11: error[einsum-syntax]: expected `=` after the output; found `]`
 12 |   - S[p,m]] = sum(e) Q[p,e] * K[m,e]
    |           ^
help: no bracket is open that this `]` could close
)"},
      {R"(S[p][m] = sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:9: error[einsum-syntax]: expected `=` after the output; found `[`
 12 |   - S[p][m] = sum(e) Q[p,e] * K[m,e]
    |         ^
help: all indices stand in one pair of brackets, as in `X[i,j]`
)"},
      {R"(S[p,m] := sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:12: error[einsum-syntax]: expected `=` after the output; found `:`
 12 |   - S[p,m] := sum(e) Q[p,e] * K[m,e]
    |            ^
help: an Einsum is `X[i,j] = …`, with `=` alone
)"},
      {R"(S[p,m] += sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:12: error[einsum-syntax]: expected `=` after the output; found `+`
 12 |   - S[p,m] += sum(e) Q[p,e] * K[m,e]
    |            ^
help: an Einsum is `X[i,j] = …`, with `=` alone
)"},
      {R"(S[p,m] == sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:13: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `=`
 12 |   - S[p,m] == sum(e) Q[p,e] * K[m,e]
    |             ^
help: an Einsum is `X[i,j] = …`, with `=` alone
)"},
      {R"(= sum(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:5: error[einsum-syntax]: expected the output tensor with its indices, `X[i,j]`; found `=`
 12 |   - = sum(e) Q[p,e] * K[m,e]
    |     ^
)"},
  });
}

TEST_CASE("Einsums: reductions") {
  check_einsums({
      {R"(S[p,m] = sum() Q[p,e] * K[m,e])",
       R"(c.yaml:12:18: error[einsum-syntax]: expected an index variable to reduce; found `)`
 12 |   - S[p,m] = sum() Q[p,e] * K[m,e]
    |                  ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(e Q[p,e] * K[m,e])",
       R"(c.yaml:12:20: error[einsum-syntax]: expected `,` or `)` after a reduced variable; found `Q`
 12 |   - S[p,m] = sum(e Q[p,e] * K[m,e]
    |                    ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(e,) Q[p,e] * K[m,e])",
       R"(c.yaml:12:20: error[einsum-syntax]: expected an index variable to reduce; found `)`
 12 |   - S[p,m] = sum(e,) Q[p,e] * K[m,e]
    |                    ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(e;p) Q[p,e] * K[m,e])",
       R"(c.yaml:12:19: error[einsum-syntax]: expected `,` or `)` after a reduced variable; found `;`
 12 |   - S[p,m] = sum(e;p) Q[p,e] * K[m,e]
    |                   ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(e=0) Q[p,e] * K[m,e])",
       R"(c.yaml:12:19: error[einsum-syntax]: expected `,` or `)` after a reduced variable; found `=`
 12 |   - S[p,m] = sum(e=0) Q[p,e] * K[m,e]
    |                   ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum e Q[p,e] * K[m,e])",
       R"(c.yaml:12:18: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `e`
 12 |   - S[p,m] = sum e Q[p,e] * K[m,e]
    |                  ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum[e] Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `Q`
 12 |   - S[p,m] = sum[e] Q[p,e] * K[m,e]
    |                     ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(2) Q[p,e] * K[m,e])",
       R"(c.yaml:12:18: error[einsum-syntax]: expected an index variable to reduce; found `2`
 12 |   - S[p,m] = sum(2) Q[p,e] * K[m,e]
    |                  ^
help: a reduction is `sum(m,k) …`: index variables, separated by commas, before the value
)"},
      {R"(S[p,m] = sum(e))",
       R"(c.yaml:12:20: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found the end
 12 |   - S[p,m] = sum(e)
    |                    ^
)"},
      {R"(S[p,m] = sum(e) * Q[p,e] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `*`
 12 |   - S[p,m] = sum(e) * Q[p,e] * K[m,e]
    |                     ^
help: the value stands right behind the reduction, as in `sum(e) Q[p,e] * K[m,e]`
)"},
      {R"(S[p,m] = sum(e), Q[p,e] * K[m,e])",
       R"(c.yaml:12:20: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `,`
 12 |   - S[p,m] = sum(e), Q[p,e] * K[m,e]
    |                    ^
help: the value stands right behind the reduction, as in `sum(e) Q[p,e] * K[m,e]`
)"},
      {R"(S[p,m] = mean(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:14: error[einsum-unknown-reduction]: `mean` is no reduction operator
 12 |   - S[p,m] = mean(e) Q[p,e] * K[m,e]
    |              ^^^^
help: known: argmax, argmin, argsort, max, min, prod, sort, sum, topk
)"},
      {R"(S[p,m] = SUM(e) Q[p,e] * K[m,e])",
       R"(c.yaml:12:14: error[einsum-unknown-reduction]: `SUM` is no reduction operator
 12 |   - S[p,m] = SUM(e) Q[p,e] * K[m,e]
    |              ^^^
help: did you mean `sum`?
)"},
      {R"(S[p,m] = sum(x) Q[p,e] * K[m,e])",
       R"(c.yaml:12:18: error[einsum-unknown-variable]: there is no rank `X` for index variable `x`
 12 |   - S[p,m] = sum(x) Q[p,e] * K[m,e]
    |                  ^
help: did you mean `p`?
)"},
  });
}

TEST_CASE("Einsums: operators and brackets") {
  check_einsums({
      {R"(S[p,m] = sum(e) + Q[p,e])",
       R"(c.yaml:12:21: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `+`
 12 |   - S[p,m] = sum(e) + Q[p,e]
    |                     ^
help: a value has no sign `+`
)"},
      {R"(S[p,m] = sum(e) Q[p,e]^2 * K[m,e])",
       R"(c.yaml:12:27: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `^`
 12 |   - S[p,m] = sum(e) Q[p,e]^2 * K[m,e]
    |                           ^
help: a power is `pow(x, 3)` or `square(x)`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] % 2 * K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `%`
 12 |   - S[p,m] = sum(e) Q[p,e] % 2 * K[m,e]
    |                            ^
help: a remainder is `mod(a, b)`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] / / K[m,e])",
       R"(c.yaml:12:30: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `/`
 12 |   - S[p,m] = sum(e) Q[p,e] / / K[m,e]
    |                              ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * -)",
       R"(c.yaml:12:31: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found the end
 12 |   - S[p,m] = sum(e) Q[p,e] * -
    |                               ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] < K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `<`
 12 |   - S[p,m] = sum(e) Q[p,e] < K[m,e]
    |                            ^
help: in a value a comparison is a function, as `less(a, b)` or `equal(a, b)`; a predicate stands after `|`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] == K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `==`
 12 |   - S[p,m] = sum(e) Q[p,e] == K[m,e]
    |                            ^^
help: in a value a comparison is a function, as `less(a, b)` or `equal(a, b)`; a predicate stands after `|`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] = K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `=`
 12 |   - S[p,m] = sum(e) Q[p,e] = K[m,e]
    |                            ^
help: an Einsum has one `=`; in a value a comparison is a function, as `equal(a, b)`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] ? K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `?`
 12 |   - S[p,m] = sum(e) Q[p,e] ? K[m,e]
    |                            ^
help: a choice by value is `select(less(x, 0), a, b)`
)"},
      {R"(S[p,m] = sum(e) Q[p,e] @ K[m,e])",
       R"(c.yaml:12:28: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `@`
 12 |   - S[p,m] = sum(e) Q[p,e] @ K[m,e]
    |                            ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e];)",
       R"(c.yaml:12:36: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `;`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e];
    |                                    ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e] if m <= p)",
       R"(c.yaml:12:37: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `if`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e] if m <= p
    |                                     ^^
help: where an Einsum has points is said after `|`, as in `… | m <= p and m < 3`
)"},
      {R"(S[p,m] = sum(e) (Q[p,e] * K[m,e])",
       R"(c.yaml:12:37: error[einsum-syntax]: expected an operator or `)`; found the end
 12 |   - S[p,m] = sum(e) (Q[p,e] * K[m,e]
    |                                     ^
)"},
      {R"(S[p,m] = sum(e) Q[p,e] * K[m,e]))",
       R"(c.yaml:12:36: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `)`
 12 |   - S[p,m] = sum(e) Q[p,e] * K[m,e])
    |                                    ^
help: no bracket is open that this `)` could close
)"},
      {R"(S[p,m] = sum(e) () * K[m,e])",
       R"(c.yaml:12:22: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `)`
 12 |   - S[p,m] = sum(e) () * K[m,e]
    |                      ^
)"},
      {R"(S[p,m] = sum(e) Q{p,e} * K[m,e])",
       R"(c.yaml:12:22: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `{`
 12 |   - S[p,m] = sum(e) Q{p,e} * K[m,e]
    |                      ^
help: brackets are `( )` around values and `[ ]` around indices
)"},
      {R"(S[p,m] = sum(e) less(Q[p,e], 0) ? 1 : 0)",
       R"(c.yaml:12:5: error[einsum-syntax]: a `:` ends what stands before it here; no Einsum has one
 12 |   - S[p,m] = sum(e) less(Q[p,e], 0) ? 1 : 0
    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: YAML takes `: ` for a key and its value
)"},
  });
}

TEST_CASE("Einsums: calls") {
  check_einsums({
      {R"(S[p,m] = sum(e) exp Q[p,e] * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected an operator, `|` or the end of the Einsum; found `Q`
 12 |   - S[p,m] = sum(e) exp Q[p,e] * K[m,e]
    |                         ^
help: an operator has parentheses, as in `exp(x)`
)"},
      {R"(S[p,m] = sum(e) exp() * K[m,e])",
       R"(c.yaml:12:25: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `)`
 12 |   - S[p,m] = sum(e) exp() * K[m,e]
    |                         ^
)"},
      {R"(S[p,m] = sum(e) exp(Q[p,e] * K[m,e])",
       R"(c.yaml:12:40: error[einsum-syntax]: expected an operator, `,` or `)` in a call; found the end
 12 |   - S[p,m] = sum(e) exp(Q[p,e] * K[m,e]
    |                                        ^
)"},
      {R"(S[p,m] = sum(e) exp(Q[p,e] * (K[m,e] + EPS))",
       R"(c.yaml:12:48: error[einsum-syntax]: expected an operator, `,` or `)` in a call; found the end
 12 |   - S[p,m] = sum(e) exp(Q[p,e] * (K[m,e] + EPS)
    |                                                ^
)"},
      {R"(S[p,m] = sum(e) max(Q[p,e],) * K[m,e])",
       R"(c.yaml:12:32: error[einsum-syntax]: expected a value (a number, a tensor access, a call, a name or `(`); found `)`
 12 |   - S[p,m] = sum(e) max(Q[p,e],) * K[m,e]
    |                                ^
)"},
      {R"(S[p,m] = sum(e) max(Q[p,e]; 0) * K[m,e])",
       R"(c.yaml:12:31: error[einsum-syntax]: expected an operator, `,` or `)` in a call; found `;`
 12 |   - S[p,m] = sum(e) max(Q[p,e]; 0) * K[m,e]
    |                               ^
)"},
      {R"(S[p,m] = sum(e) exp[Q[p,e]] * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-tensor]: there is no tensor `exp`
 12 |   - S[p,m] = sum(e) exp[Q[p,e]] * K[m,e]
    |                     ^^^
help: an operator has parentheses: `exp(…)`
)"},
      {R"(S[p,m] = sum(e) Exp(Q[p,e]) * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-op]: there is no operator `Exp`
 12 |   - S[p,m] = sum(e) Exp(Q[p,e]) * K[m,e]
    |                     ^^^
help: did you mean `exp`?
)"},
      {R"(S[p,m] = sum(e) softmax(Q[p,e]) * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-op]: there is no operator `softmax`
 12 |   - S[p,m] = sum(e) softmax(Q[p,e]) * K[m,e]
    |                     ^^^^^^^
help: known: abs, add, ceil, cos, div, equal, erf, exp, floor, greater, greater_equal, less, …
)"},
      {R"(S[p,m] = sum(e) log2(Q[p,e]) * K[m,e])",
       R"(c.yaml:12:21: error[einsum-unknown-op]: there is no operator `log2`
 12 |   - S[p,m] = sum(e) log2(Q[p,e]) * K[m,e]
    |                     ^^^^
help: did you mean `log`?
)"},
      {R"(S[p,m] = sum(e) exp(Q[p,e], K[m,e]))",
       R"(c.yaml:12:21: error[einsum-op-arity]: `exp` has 2 operands here; it takes 1
 12 |   - S[p,m] = sum(e) exp(Q[p,e], K[m,e])
    |                     ^^^
)"},
      {R"(S[p,m] = sum(e) select(Q[p,e], K[m,e]))",
       R"(c.yaml:12:21: error[einsum-op-arity]: `select` has 2 operands here; it takes 3
 12 |   - S[p,m] = sum(e) select(Q[p,e], K[m,e])
    |                     ^^^^^^
)"},
  });
}

}  // namespace
}  // namespace einloom::test
