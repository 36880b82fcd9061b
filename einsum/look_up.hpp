// SPDX-License-Identifier: Apache-2.0
// Positions of a rank that indices of other ranks choose (K[d-i], KC[BT[m1]]), as the pass rule needs them: what is
// made of looked-up values and keeps the indices goes along with the look-up.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "einsum/cascade.hpp"

namespace einloom {

struct LookUp {
  std::set<std::string> variables;  // that choose positions; those inside tiles left out. Empty: nothing is looked up
  std::set<std::string> indices;    // printed

  void join(const LookUp& other);
  // By the names of an access: {t: p} makes NT[t] of a tensor NT[p]. nullopt when a variable has none.
  [[nodiscard]] std::optional<LookUp> renamed(const std::map<std::string, std::string>& names) const;
};

// Of tensor's rank at this position, in lower case → the variable that the index there is alone, or plus 1 where it is
// a state's iteration; left out where it is neither.
[[nodiscard]] std::map<std::string, std::string> followed_names(const Access& access, const TensorDecl& tensor);

[[nodiscard]] bool includes(const std::set<std::string>& all, const std::set<std::string>& some);

}  // namespace einloom
