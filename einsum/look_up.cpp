// SPDX-License-Identifier: Apache-2.0
#include "einsum/look_up.hpp"

#include <algorithm>
#include <cctype>

#include "einsum/affine.hpp"

namespace einloom {

namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// A printed index with what stands for its variables.
std::string with_stand_ins(const std::string& index, const StandIns& names) {
  std::string result;
  for (std::size_t i = 0; i < index.size();) {
    std::size_t end = i;
    while (end < index.size() && is_of_word(index[end])) ++end;
    const std::string word = index.substr(i, std::max<std::size_t>(end - i, 1));
    const auto found = names.find(word);
    result += found == names.end() ? word : found->second.text;
    i += word.size();
  }
  return result;
}

}  // namespace

void LookUp::join(const LookUp& other) {
  variables.insert(other.variables.begin(), other.variables.end());
  indices.insert(other.indices.begin(), other.indices.end());
}

std::optional<LookUp> LookUp::through(const StandIns& names) const {
  LookUp result;
  for (const std::string& variable : variables) {
    const auto found = names.find(variable);
    if (found == names.end()) return std::nullopt;
    result.variables.insert(found->second.variables.begin(), found->second.variables.end());
  }
  for (const std::string& index : indices) result.indices.insert(with_stand_ins(index, names));
  return result;
}

StandIns stand_ins(const Access& access, const TensorDecl& tensor) {
  StandIns found;
  for (std::size_t k = 0; k < access.indices.size(); ++k) {
    const std::string& rank = tensor.ranks[k];
    const IndexExpression& index = access.indices[k];
    const auto variables = index.variables();
    if (variables.empty()) continue;
    const bool is_state = !tensor.iterative_rank.empty() && rank == tensor.iterative_rank;
    const auto plain = index.plain_variable();
    const bool is_step = is_state && plain && index.plain_offset() == 1;
    found.emplace(variable_of_rank(rank), StandIn{is_step ? *plain : print_index(index), variables});
  }
  return found;
}

TakenApart::TakenApart(const Cascade& cascade) {
  for (const Einsum& einsum : cascade.einsums()) {
    if (einsum.output.indices.size() != 1 || !einsum.reductions.empty() || !einsum.predicates.empty()) continue;
    const auto variable = einsum.output.indices.front().plain_variable();
    if (!variable) continue;
    const std::string text = print_expression(einsum.expression);
    const std::string quotient = "floor(" + *variable + " / ", rest = "mod(" + *variable + ", ";
    const auto size = [&](const std::string& begin) {
      return text.substr(begin.size(), text.size() - begin.size() - 1);
    };
    if (text.starts_with(quotient)) quotients_.push_back({einsum.name(), size(quotient)});
    if (text.starts_with(rest)) rests_.push_back({einsum.name(), size(rest)});
  }
}

LookUp TakenApart::put_together(LookUp look_up) const {
  std::set<std::string> indices;
  for (std::string index : look_up.indices) {
    for (const Part& quotient : quotients_) {
      for (const Part& rest : rests_) {
        if (quotient.size != rest.size) continue;
        for (const std::string& variable : look_up.variables) {
          const std::string whole =
              quotient.tensor + "[" + variable + "]*" + quotient.size + "+" + rest.tensor + "[" + variable + "]";
          const auto at = index.find(whole);
          if (at != std::string::npos) index.replace(at, whole.size(), variable);
        }
      }
    }
    indices.insert(std::move(index));
  }
  look_up.indices = std::move(indices);
  return look_up;
}

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace einloom
