// SPDX-License-Identifier: Apache-2.0
// Structural equality of cascades, spans left out: what "prints back to itself" means, independent of the printer.
#pragma once

#include <algorithm>

#include "einsum/cascade.hpp"

namespace einloom::test {

inline bool same(const IndexExpression& a, const IndexExpression& b) {
  return std::equal(a.terms.begin(), a.terms.end(), b.terms.begin(), b.terms.end(), [](const auto& x, const auto& y) {
    return x.factor == y.factor && x.symbol == y.symbol && x.variable == y.variable;
  });
}

inline bool same(const Access& a, const Access& b) {
  return a.tensor == b.tensor && std::equal(a.indices.begin(), a.indices.end(), b.indices.begin(), b.indices.end(),
                                            [](const auto& x, const auto& y) { return same(x, y); });
}

inline bool same(const Expression& a, const Expression& b) {
  return a.kind == b.kind && a.number == b.number && a.name == b.name && same(a.access, b.access) &&
         std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end(),
                    [](const auto& x, const auto& y) { return same(x, y); });
}

inline bool same(const Einsum& a, const Einsum& b) {
  return same(a.output, b.output) && same(a.expression, b.expression) &&
         std::equal(a.reductions.begin(), a.reductions.end(), b.reductions.begin(), b.reductions.end(),
                    [](const auto& x, const auto& y) { return x.op == y.op && x.variable == y.variable; }) &&
         std::equal(a.predicates.begin(), a.predicates.end(), b.predicates.begin(), b.predicates.end(),
                    [](const auto& x, const auto& y) {
                      return x.op == y.op && same(x.left, y.left) && same(x.right, y.right);
                    });
}

inline bool same(const Cascade& a, const Cascade& b) {
  const auto all = [](const auto& x, const auto& y, auto equal) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), equal);
  };
  const auto by_name = [](const auto& x, const auto& y) { return x.name == y.name; };
  return a.name() == b.name() && a.description() == b.description() && a.paper() == b.paper() &&
         a.reference() == b.reference() && all(a.ranks(), b.ranks(), by_name) &&
         all(a.iterative_ranks(), b.iterative_ranks(), by_name) &&
         all(a.partitions(), b.partitions(),
             [](const auto& x, const auto& y) {
               return x.rank == y.rank && x.outer == y.outer && x.inner == y.inner;
             }) &&
         all(a.parameters(), b.parameters(),
             [](const auto& x, const auto& y) { return x.name == y.name && x.default_value == y.default_value; }) &&
         all(a.tensors(), b.tensors(),
             [](const auto& x, const auto& y) {
               return x.name == y.name && x.ranks == y.ranks && x.role == y.role && x.dtype == y.dtype &&
                      x.iterative_rank == y.iterative_rank && x.initial == y.initial;
             }) &&
         all(a.einsums(), b.einsums(), [](const auto& x, const auto& y) { return same(x, y); });
}

}  // namespace einloom::test
