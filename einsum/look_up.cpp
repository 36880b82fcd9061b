// SPDX-License-Identifier: Apache-2.0
#include "einsum/look_up.hpp"

#include <algorithm>
#include <cctype>

namespace einloom {

namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// A printed index whose variables are called otherwise.
std::string with_names(const std::string& index, const std::map<std::string, std::string>& names) {
  std::string result;
  for (std::size_t i = 0; i < index.size();) {
    std::size_t end = i;
    while (end < index.size() && is_of_word(index[end])) ++end;
    const std::string word = index.substr(i, std::max<std::size_t>(end - i, 1));
    const auto found = names.find(word);
    result += found == names.end() ? word : found->second;
    i += word.size();
  }
  return result;
}

}  // namespace

void LookUp::join(const LookUp& other) {
  variables.insert(other.variables.begin(), other.variables.end());
  indices.insert(other.indices.begin(), other.indices.end());
}

std::optional<LookUp> LookUp::renamed(const std::map<std::string, std::string>& names) const {
  LookUp result;
  for (const std::string& variable : variables) {
    const auto name = names.find(variable);
    if (name == names.end()) return std::nullopt;
    result.variables.insert(name->second);
  }
  for (const std::string& index : indices) result.indices.insert(with_names(index, names));
  return result;
}

std::map<std::string, std::string> followed_names(const Access& access, const TensorDecl& tensor) {
  std::map<std::string, std::string> names;
  for (std::size_t k = 0; k < access.indices.size(); ++k) {
    const std::string& rank = tensor.ranks[k];
    const bool is_state = !tensor.iterative_rank.empty() && rank == tensor.iterative_rank;
    const auto variable = access.indices[k].plain_variable();
    if (!variable || access.indices[k].plain_offset() > (is_state ? 1 : 0)) continue;
    names.emplace(variable_of_rank(rank), *variable);
  }
  return names;
}

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace einloom
