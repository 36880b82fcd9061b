// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/choices.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom::reference {

std::string choice(const ReferenceSetting& setting, const std::string& name, const std::vector<std::string>& forms) {
  const auto found = setting.options.find(name);
  if (found == setting.options.end()) return forms.front();
  ensure(std::find(forms.begin(), forms.end(), found->second) != forms.end(),
         "a reference kernel's option " + name + " has no form " + found->second);
  return found->second;
}

std::int64_t extent_or(const ReferenceSetting& setting, const std::string& name, std::int64_t usual) {
  const auto found = setting.extents.find(name);
  return found == setting.extents.end() ? usual : found->second;
}

double constant_or(const ReferenceSetting& setting, const std::string& name, double usual) {
  const auto found = setting.constants.find(name);
  return found == setting.constants.end() ? usual : found->second;
}

void expect_extents(const Tensor<double>& tensor, const std::string& name, const std::vector<std::int64_t>& extents) {
  ensure(tensor.extents() == extents, "a reference kernel's input " + name + " has extents that do not fit the others");
}

Tensor<double> named(const Tensor<double>& tensor, const std::vector<std::string>& ranks) {
  ensure(tensor.extents().size() == ranks.size(), "a reference kernel's input has another number of ranks");
  Tensor<double> result(ranks, tensor.extents());
  std::copy(tensor.data(), tensor.data() + tensor.size(), result.data());
  return result;
}

}  // namespace einloom::reference
