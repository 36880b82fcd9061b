// SPDX-License-Identifier: Apache-2.0
// Positions of a rank that indices of other ranks choose (K[d-i], KC[BT[m1]]), as the pass rule needs them: what is
// made of looked-up values and keeps the indices goes along with the look-up.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom {

// By the names of an access: what stands for a variable of the tensor, {t: p} of NT[p] where NT has the rank T, {t:
// t1*T0+t0} of NT[t1*T0+t0], with the variables in it.
struct StandIn {
  std::string text;
  std::vector<std::string> variables;
};
using StandIns = std::map<std::string, StandIn>;

// A state's own step, t+1 of a state over T, stands as t.
[[nodiscard]] StandIns stand_ins(const Access& access, const TensorDecl& tensor);

struct LookUp {
  std::set<std::string> variables;  // that choose positions; those inside tiles left out. Empty: nothing is looked up
  std::set<std::string> indices;    // printed

  void join(const LookUp& other);
  // nullopt when a variable has no stand-in.
  [[nodiscard]] std::optional<LookUp> through(const StandIns& names) const;
};

// Index tensors that take a position apart: X[t] = floor(t / L) and Y[t] = mod(t, L), so that X[t]*L+Y[t] is t.
class TakenApart {
 public:
  explicit TakenApart(const Cascade& cascade);
  // Indices with such sums written as the position.
  [[nodiscard]] LookUp put_together(LookUp look_up) const;

 private:
  struct Part {
    std::string tensor, size;
  };
  std::vector<Part> quotients_, rests_;
};

[[nodiscard]] bool includes(const std::set<std::string>& all, const std::set<std::string>& some);

}  // namespace einloom
