// SPDX-License-Identifier: Apache-2.0
// Inputs drawn as a cascade's checks say. The same seed gives the same values on any machine.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>

#include "base/dtype.hpp"
#include "base/tensor.hpp"
#include "einsum/cascade.hpp"
#include "einsum/cascade_checks.hpp"

namespace einloom {

// Numbers that do not depend on the standard library: std::normal_distribution differs between them.
class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] double uniform();                          // [0, 1)
  [[nodiscard]] double normal();                           // normal(0, 1)
  [[nodiscard]] std::int64_t below(std::int64_t highest);  // [0, highest), highest >= 1

 private:
  std::mt19937_64 engine_;
};

// Fills `tensor`. UserError check-drawing when a fiber cannot hold what is asked (more distinct numbers than there
// are).
void draw(const Cascade& cascade, const Shape& shape, const TensorDecl& tensor, const InputValues& values,
          RandomNumbers& numbers, Tensor<double>& into);

// All inputs of a cascade, in the order of its declarations, unrounded.
[[nodiscard]] std::map<std::string, Tensor<double>> draw_inputs(const Cascade& cascade, const Shape& shape,
                                                                std::uint64_t seed);

// Inputs of a simulated run: standard normal, the first of these scaled, unless the checks say how they are drawn;
// rounded to their dtype, apart from whole numbers, which stay what they are.
struct RunDrawing {
  Dtype dtype = Dtype::fp64;  // of tensors that declare none
  std::uint64_t seed = 1;
  double first_scale = 1;
};
// With `wanted` only these, of all of which the checks say how: the same values as when all are drawn, in less time.
[[nodiscard]] std::map<std::string, Tensor<double>> draw_run_inputs(const Cascade& cascade, const Shape& shape,
                                                                    const RunDrawing& drawing,
                                                                    const std::set<std::string>* wanted = nullptr);

}  // namespace einloom
