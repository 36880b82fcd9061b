// SPDX-License-Identifier: Apache-2.0
// Fingerprints are MurmurHash3 x64-128: published values, every tail length, and stability of what stores hold.
#include "experiments/hash.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace einloom {

TEST_CASE("published values of MurmurHash3 x64-128") {
  CHECK(fingerprint("") == "00000000000000000000000000000000");
  CHECK(fingerprint("hello") == "cbd8a7b341bd9b025b1e906a48ae1d19");
  CHECK(fingerprint("The quick brown fox jumps over the lazy dog") == "e34bbc7bbc071b6c7a433ca9c49a9347");
}

TEST_CASE("every length up to three blocks has its own fingerprint") {
  std::set<std::string> seen;
  for (std::size_t length = 0; length <= 48; ++length) CHECK(seen.insert(fingerprint(std::string(length, 'x'))).second);
}

TEST_CASE("bytes above 127 count as unsigned") { CHECK(fingerprint("\xff\xfe") != fingerprint("\x7f\x7e")); }

TEST_CASE("the running program has a fingerprint") { CHECK(fingerprint_of_this_program().size() == 32); }

}  // namespace einloom
