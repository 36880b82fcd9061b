// SPDX-License-Identifier: Apache-2.0
// Values of a cascade. `evaluate` runs it untiled and is the oracle of the simulator; `evaluate_box` computes one
// Einsum on a part of its iteration space and is what the simulator's execution calls tile by tile. T is the type
// arithmetic is done in (double or float); every stored value is rounded to its tensor's dtype (sums are kept in T
// until the reduction of the call is complete).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "base/tensor.hpp"
#include "einsum/cascade.hpp"

namespace einloom {

template <class T>
using TensorStore = std::map<std::string, Tensor<T>>;

// Half-open range of one index variable.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
// Ranges of an Einsum's variables, in the order of Einsum::variables(). Absent points inside are skipped.
using Box = std::vector<Range>;

// The tensors of `cascade` at `shape` with storage: iterative tensors have extent+1 states, state 0 = initial;
// everything else is `fill`. Inputs included.
template <class T>
[[nodiscard]] TensorStore<T> make_store(const Cascade& cascade, const Shape& shape, T fill);

struct Precision {
  Dtype dtype = Dtype::fp64;  // of tensors that declare none
};

// The whole iteration space of an Einsum.
[[nodiscard]] Box full_box(const Cascade& cascade, int einsum, const Shape& shape);

// An Einsum prepared for a shape: indices compiled to strides, ops resolved. Reusable and cheap to run repeatedly.
template <class T>
class EinsumKernel {
 public:
  EinsumKernel(const Cascade& cascade, int einsum, const Shape& shape, Precision precision);
  ~EinsumKernel();
  EinsumKernel(EinsumKernel&&) noexcept;

  // Computes the box. Outputs written are those of the box's output range; where `accumulate` is true the value already
  // stored is combined by the (outermost) reduction operator instead of being overwritten. A point of the output whose
  // whole fibre is absent gets the reduction's identity (0 after sum: never NaN); an absent point of a map is left
  // untouched; an absent update of a state copies the previous state. Absent operands are never read.
  // InternalError: a box of another size or outside the iteration space, a missing tensor, accumulate on a map.
  void run(const Box& box, bool accumulate, TensorStore<T>& store) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// Runs the whole cascade; `store` holds the inputs (shape checked: InternalError; used as they are, so rounding them to
// a dtype is the caller's choice) and receives every other tensor, replaced if there.
// Iterative ranks advance in order, all Einsums of an iteration before the next one. `computed` is called behind each
// Einsum, with the part of its iteration space that has just been run: it may change what was stored.
using ComputedPart = std::function<void(int einsum, const Box& box)>;
template <class T>
void evaluate(const Cascade& cascade, const Shape& shape, Precision precision, TensorStore<T>& store,
              const ComputedPart& computed = {});

}  // namespace einloom
