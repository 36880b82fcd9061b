// SPDX-License-Identifier: Apache-2.0
#include "arch/components/component_list.hpp"

namespace einloom {

const std::vector<ComponentDescription>& component_descriptions() {
  static const std::vector<ComponentDescription> all = {
      describe_buffer(),
      describe_dram(),
      describe_pe_array(),
  };
  return all;
}

}  // namespace einloom
