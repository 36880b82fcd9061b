// SPDX-License-Identifier: Apache-2.0
#include "experiments/reference_check.hpp"

#include "experiments/reference_lookup.hpp"

namespace einloom {

CheckOptions check_options(Dtype dtype, std::uint64_t seed, double input_scale) {
  CheckOptions options;
  options.dtype = dtype;
  options.seed = seed;
  options.input_scale = input_scale;
  return options;
}

CheckReport check_point(const Point& point, const Shape& shape, const CheckOptions& options) {
  return check_values(*point.cascade, *point.machine, *point.plan, shape, reference_for(*point.cascade), options,
                      point.where);
}

}  // namespace einloom
