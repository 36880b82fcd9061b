// SPDX-License-Identifier: Apache-2.0
// One layer of a Kolmogorov-Arnold network: every input goes through basis functions on a grid, every output weighs all
// of them. Three published bases: rswaf (1 - tanh², the released code of MedViTV2), fastkan (Gaussians), bspline.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// Basis function j of order q over the knots `from + (i - order) · step`, by the recursion of Cox and de Boor.
double spline(double x, Int j, Int q, Int order, double from, double step) {
  const auto knot = [&](Int i) { return from + static_cast<double>(i - order) * step; };
  if (q == 0) return knot(j) <= x && x < knot(j + 1) ? 1 : 0;
  return (x - knot(j)) / (knot(j + q) - knot(j)) * spline(x, j, q - 1, order, from, step) +
         (knot(j + q + 1) - x) / (knot(j + q + 1) - knot(j + 1)) * spline(x, j + 1, q - 1, order, from, step);
}

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("X", {"N", "I"});
  const auto& w = in.read("WK", {"O", "I", "G"});
  const std::string basis = in.form("basis", {"rswaf", "fastkan", "bspline"});
  const Int tokens = in.extent("N"), inputs = in.extent("I"), outputs = in.extent("O"), functions = in.extent("G");
  const double from = in.constant("TMIN", -2), to = in.constant("TMAX", 2);

  const bool normed = basis != "bspline", has_base = basis != "rswaf";
  Row gain, offset;
  if (normed) {
    const auto& gains = in.read("GAIN", {"I"});
    const auto& offsets = in.read("BIAS", {"I"});
    gain.assign(gains.data(), gains.data() + inputs);
    offset.assign(offsets.data(), offsets.data() + inputs);
  }
  const Tensor<double>* base = has_base ? &in.read("WB", {"O", "I"}) : nullptr;
  const Tensor<double>* base_offset = basis == "fastkan" ? &in.read("BB", {"O"}) : nullptr;

  const Int order = in.parameter("ORDER", 3);
  if (basis == "bspline")
    ensure(functions > order, "kan_layer: a spline of order k over n intervals has n + k functions");
  const double spacing = (to - from) / static_cast<double>(basis == "bspline" ? functions - order : functions - 1);
  const double width = basis == "rswaf" ? in.constant("WIDTH", 0.33) : spacing;
  const auto value = [&](double at, Int g) {
    if (basis == "bspline") return spline(at, g, order, order, from, spacing);
    const double distance = (at - (from + static_cast<double>(g) * spacing)) / width;
    return basis == "rswaf" ? 1 - std::tanh(distance) * std::tanh(distance) : std::exp(-distance * distance);
  };

  Tensor<double> out({"N", "O"}, {tokens, outputs});
  for (Int n = 0; n < tokens; ++n) {
    Row row = row_of_terms(inputs, [&](Int i) { return x(n, i); });
    if (normed) layer_norm(row, in.constant("EPS", 1e-5), gain, offset);
    for (Int o = 0; o < outputs; ++o) {
      for (Int i = 0; i < inputs; ++i) {
        out(n, o) += sum_over(functions, [&](Int g) { return value(row[to_size(i)], g) * w(o, i, g); });
        if (base != nullptr) out(n, o) += silu(x(n, i)) * (*base)(o, i);
      }
      if (base_offset != nullptr) out(n, o) += (*base_offset)(o);
    }
  }
  return {{"Y", out}};
}

}  // namespace

std::vector<ReferenceKernel> kan_layer_kernels() {
  return {{"kan_layer",
           "X[N,I], WK[O,I,G], TMIN (-2), TMAX (2), basis: rswaf (GAIN[I], BIAS[I], WIDTH (0.33), EPS (1e-5)), fastkan "
           "(GAIN[I], BIAS[I], WB[O,I], BB[O], EPS) or bspline (WB[O,I], ORDER (3)) → Y[N,O]",
           {"WK", "X"},
           {{"Y", {"N", "O"}}},
           &run}};
}

}  // namespace einloom::reference
