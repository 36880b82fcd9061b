// SPDX-License-Identifier: Apache-2.0
// The complete text of the UserError a call throws, for tests that compare it; "" when it throws none.
#pragma once

#include <string>

#include "base/diagnostic.hpp"

namespace einloom::test {

template <class Call>
std::string thrown(Call&& call) {
  try {
    call();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

// The text of everything collected.
inline std::string collected(Diagnostics& diagnostics) {
  return thrown([&] { diagnostics.throw_if_any(); });
}

}  // namespace einloom::test
