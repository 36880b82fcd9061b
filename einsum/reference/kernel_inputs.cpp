// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/kernel_inputs.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom::reference {

const Tensor<double>& KernelInputs::read(const std::string& name, const std::vector<std::string>& ranks) {
  const Tensor<double>& tensor = reference_input(tensors_, name);
  ensure(tensor.extents().size() == ranks.size(),
         "a reference kernel's input " + name + " has another number of ranks");
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const auto [known, fresh] = extents_.emplace(ranks[i], tensor.extents()[i]);
    ensure(known->second == tensor.extents()[i],
           "a reference kernel's input " + name + " has another extent of " + ranks[i] + " than the tensors before it");
  }
  return tensor;
}

const Tensor<double>* KernelInputs::read_if_present(const std::string& name, const std::vector<std::string>& ranks) {
  return tensors_.count(name) == 0 ? nullptr : &read(name, ranks);
}

std::int64_t KernelInputs::extent(const std::string& rank) const {
  const auto found = extents_.find(rank);
  ensure(found != extents_.end(), "no input of a reference kernel has the rank " + rank);
  return found->second;
}

std::int64_t KernelInputs::parameter(const std::string& name, std::int64_t usual) const {
  const auto found = setting_.extents.find(name);
  return found == setting_.extents.end() ? usual : found->second;
}

double KernelInputs::constant(const std::string& name, double usual) const {
  const auto found = setting_.constants.find(name);
  return found == setting_.constants.end() ? usual : found->second;
}

std::string KernelInputs::form(const std::string& option, const std::vector<std::string>& forms) const {
  const auto found = setting_.options.find(option);
  if (found == setting_.options.end()) return forms.front();
  ensure(std::find(forms.begin(), forms.end(), found->second) != forms.end(),
         "a reference kernel's option " + option + " has no form " + found->second);
  return found->second;
}

}  // namespace einloom::reference
