// SPDX-License-Identifier: Apache-2.0
#include "einsum/carried_states.hpp"

#include <algorithm>

namespace einloom {
namespace {

// Whether what the Einsum reads, or the maps that it reads are made of, has the tensor's elements.
bool reads_elements(const Cascade& cascade, const Einsum& einsum, const std::string& tensor) {
  const auto reads = einsum.reads();
  return std::any_of(reads.begin(), reads.end(), [&](const Access* access) {
    if (access->tensor == tensor) return true;
    const Einsum* writer = cascade.find_einsum(access->tensor);
    const bool is_map =
        writer && cascade.find_tensor(access->tensor)->iterative_rank.empty() && writer->reductions.empty();
    return is_map && reads_elements(cascade, *writer, tensor);
  });
}

}  // namespace

bool carries_unread(const Cascade& cascade, const TensorDecl& tensor) {
  const int update = cascade.einsum_position(tensor.name);
  if (tensor.iterative_rank.empty() || update < 0 || cascade.domain(update).empty()) return false;
  return !reads_elements(cascade, cascade.einsums()[static_cast<std::size_t>(update)], tensor.name);
}

}  // namespace einloom
