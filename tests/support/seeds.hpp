// SPDX-License-Identifier: Apache-2.0
// How many seeded cases a test runs: all of them, or a tenth in a sanitized build, which is many times slower.
#pragma once

namespace einloom::test {

constexpr int seeds(int cases) {
#ifdef __SANITIZE_ADDRESS__
  return (cases + 9) / 10;
#else
  return cases;
#endif
}

}  // namespace einloom::test
