// SPDX-License-Identifier: Apache-2.0
// Makes an Op from one formula: a struct with a template `static T at(T a)` or `static T at(T a, T b)`.
// The array loops are written once here, with contiguous and broadcast operands apart so that each vectorises.
#pragma once

#include "einsum/ops/op.hpp"

namespace einloom::ops {

template <class Formula, class T>
void along_unary(Operand<T> a, Operand<T>, T* out, std::size_t count) {
  if (a.step == 0) {
    const T value = Formula::at(*a.data);
    for (std::size_t i = 0; i < count; ++i) out[i] = value;
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = Formula::at(a.data[i]);
  }
}

template <class Formula, class T>
void along_binary(Operand<T> a, Operand<T> b, T* out, std::size_t count) {
  if (a.step == 0) {
    const T left = *a.data;
    if (b.step == 0) {
      const T value = Formula::at(left, *b.data);
      for (std::size_t i = 0; i < count; ++i) out[i] = value;
    } else {
      for (std::size_t i = 0; i < count; ++i) out[i] = Formula::at(left, b.data[i]);
    }
  } else if (b.step == 0) {
    const T right = *b.data;
    for (std::size_t i = 0; i < count; ++i) out[i] = Formula::at(a.data[i], right);
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = Formula::at(a.data[i], b.data[i]);
  }
}

template <class Formula>
Op unary(std::string name) {
  return Op{std::move(name), 1, [](double a, double) { return Formula::at(a); }, &along_unary<Formula, double>,
            &along_unary<Formula, float>};
}

template <class Formula>
Op binary(std::string name) {
  return Op{std::move(name), 2, [](double a, double b) { return Formula::at(a, b); }, &along_binary<Formula, double>,
            &along_binary<Formula, float>};
}

template <class Formula, class T>
void along_ternary(Operand<T> a, Operand<T> b, Operand<T> c, T* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = Formula::at(a.data[i * a.step], b.data[i * b.step], c.data[i * c.step]);
  }
}

template <class Formula>
Op ternary(std::string name) {
  Op op{std::move(name), 3};
  op.scalar_ternary = [](double a, double b, double c) { return Formula::at(a, b, c); };
  op.ternary_double = &along_ternary<Formula, double>;
  op.ternary_float = &along_ternary<Formula, float>;
  return op;
}

}  // namespace einloom::ops
