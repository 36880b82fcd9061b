// SPDX-License-Identifier: Apache-2.0
// Do quantities stay inside one unit, and are tensors row-major with the last rank contiguous?
#include <catch2/catch.hpp>
#include <concepts>

#include "base/tensor.hpp"
#include "base/units.hpp"

using namespace einloom;

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
static_assert(Addable<Cycles, Cycles>);
static_assert(!Addable<Cycles, Bytes>);
static_assert(!Addable<Bytes, std::int64_t>);
static_assert(!std::convertible_to<std::int64_t, Bytes>);

TEST_CASE("quantities add, scale and compare inside their unit") {
  Bytes sum(40);
  sum += Bytes(2);
  sum -= Bytes(1);
  CHECK(sum == Bytes(41));
  CHECK(Bytes(40) + Bytes(2) - Bytes(1) == sum);
  CHECK(3 * Cycles(7) == Cycles(21));
  CHECK(Cycles(7) * 3 == Cycles(21));
  CHECK(Cycles(7) < Cycles(8));
  CHECK(Cycles() == Cycles(0));
  CHECK(duration(Cycles(940), Hertz(940e6)).value() == Approx(1e-6));
}

TEST_CASE("a tensor is row-major") {
  Tensor<int> tensor({"m", "p", "e"}, {2, 3, 4}, 5);
  CHECK(tensor.size() == 24);
  CHECK(tensor.strides() == std::vector<std::int64_t>{12, 4, 1});
  CHECK(tensor(1, 2, 3) == 5);
  tensor(1, 0, 2) = 9;
  CHECK(tensor.data()[14] == 9);
  CHECK(tensor.offset(1, 2, 3) == 23);
  CHECK(Tensor<int>({}, {}, 3).size() == 1);  // a scalar
  CHECK(Tensor<int>({"m"}, {0}).size() == 0);
}
