// SPDX-License-Identifier: Apache-2.0
// A 128-bit fingerprint of a text: MurmurHash3 x64-128 (Austin Appleby, public domain), seed 0, as 32 hex digits.
// Contract: the same on every machine and in every build; not meant against adversaries.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace einloom {

[[nodiscard]] std::string fingerprint(std::string_view text);

// Fingerprint of the running program's file; "" where /proc is missing.
[[nodiscard]] std::string fingerprint_of_this_program();

}  // namespace einloom
