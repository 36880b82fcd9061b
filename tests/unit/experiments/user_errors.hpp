// SPDX-License-Identifier: Apache-2.0
// The codes of what a call complains about: "" when it does not.
#pragma once

#include <string>

#include "base/diagnostic.hpp"

namespace einloom {

template <class Call>
std::string codes_of(const Call& call) {
  try {
    call();
    return "";
  } catch (const UserError& error) {
    std::string codes;
    for (const Diagnostic& diagnostic : error.diagnostics()) codes += (codes.empty() ? "" : " ") + diagnostic.code;
    return codes;
  }
}

template <class Call>
std::string rendered(const Call& call) {
  try {
    call();
    return "";
  } catch (const UserError& error) {
    std::string text;
    for (const Diagnostic& diagnostic : error.diagnostics()) text += render(diagnostic);
    return text;
  }
}

}  // namespace einloom
