// SPDX-License-Identifier: Apache-2.0
#include "experiments/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace einloom {

namespace {

constexpr std::uint64_t kFirst = 0x87c37b91114253d5u;
constexpr std::uint64_t kSecond = 0x4cf5ad432745937fu;

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdu;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53u;
  return value ^ (value >> 33);
}

// Eight bytes, the first one lowest.
std::uint64_t word_at(const char* bytes) {
  std::uint64_t value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, sizeof value);
  } else {
    for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

// At most eight bytes, zeros behind them.
std::uint64_t partial_word(std::string_view bytes) {
  char padded[8] = {};
  std::memcpy(padded, bytes.data(), std::min(bytes.size(), sizeof padded));
  return word_at(padded);
}

std::uint64_t mix_first(std::uint64_t k) { return std::rotl(k * kFirst, 31) * kSecond; }
std::uint64_t mix_second(std::uint64_t k) { return std::rotl(k * kSecond, 33) * kFirst; }

}  // namespace

std::string fingerprint(std::string_view text) {
  std::uint64_t a = 0, b = 0;
  std::size_t at = 0;
  for (; at + 16 <= text.size(); at += 16) {
    a = (std::rotl(a ^ mix_first(word_at(text.data() + at)), 27) + b) * 5 + 0x52dce729u;
    b = (std::rotl(b ^ mix_second(word_at(text.data() + at + 8)), 31) + a) * 5 + 0x38495ab5u;
  }
  const std::string_view tail = text.substr(at);
  if (tail.size() > 8) b ^= mix_second(partial_word(tail.substr(8)));
  if (!tail.empty()) a ^= mix_first(partial_word(tail));
  a ^= text.size();
  b ^= text.size();
  a += b;
  b += a;
  a = finish(a);
  b = finish(b);
  a += b;
  b += a;
  return fmt::format("{:016x}{:016x}", a, b);
}

std::string fingerprint_of_this_program() {
  std::ifstream file("/proc/self/exe", std::ios::binary | std::ios::ate);
  if (!file) return "";
  std::string bytes(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return "";
  return bytes.empty() ? "" : fingerprint(bytes);
}

}  // namespace einloom
