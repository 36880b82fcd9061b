// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/statement_digits.hpp"

#include <algorithm>

namespace einloom {

std::vector<std::pair<std::string, std::int64_t>> digits_of(const Program& program, const Statement& statement,
                                                            const std::vector<std::int64_t>& position) {
  std::vector<std::pair<std::string, std::int64_t>> digits;
  for (std::size_t e = 0; e < position.size(); ++e) {
    const int loop = statement.loops[static_cast<std::size_t>(statement.effective[e])];
    const std::vector<LoopDigit>& of_loop = program.loops[static_cast<std::size_t>(loop)].digits;
    std::int64_t rest = position[e];
    const auto first = static_cast<std::ptrdiff_t>(digits.size());
    for (std::size_t i = of_loop.size(); i-- > 0;) {
      digits.emplace_back(of_loop[i].variable, rest % of_loop[i].trip);
      rest /= of_loop[i].trip;
    }
    std::reverse(digits.begin() + first, digits.end());
  }
  return digits;
}

}  // namespace einloom
