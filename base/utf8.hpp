// SPDX-License-Identifier: Apache-2.0
// Columns count code points, files hold bytes: the three functions between them. Header-only, no allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace einloom {

// Code points that start inside `bytes` (continuation bytes do not count).
[[nodiscard]] inline int count_code_points(std::string_view bytes) {
  int count = 0;
  for (const char c : bytes) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u ? 1 : 0;
  return count;
}

// Byte offset of the first byte that is not valid UTF-8 (overlong forms, surrogates and > U+10FFFF are not);
// npos when all of `bytes` is valid.
[[nodiscard]] inline std::size_t find_invalid_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned lead = at(i);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > bytes.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xC0u) != 0x80u) return i;
    }
    if (length >= 3) {
      const unsigned second = at(i + 1);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
          (lead == 0xF4 && second > 0x8F)) {
        return i;
      }
    }
    i += length;
  }
  return std::string_view::npos;
}

// The longest prefix of `bytes` with at most `count` code points.
[[nodiscard]] inline std::string_view code_point_prefix(std::string_view bytes, int count) {
  std::size_t end = 0;
  for (int seen = 0; end < bytes.size(); ++end) {
    if ((static_cast<unsigned char>(bytes[end]) & 0xC0u) != 0x80u && ++seen > count) break;
  }
  return bytes.substr(0, end);
}

}  // namespace einloom
