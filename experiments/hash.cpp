// SPDX-License-Identifier: Apache-2.0
#include "experiments/hash.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace einloom {

namespace {

constexpr std::uint64_t kFirst = 0x87c37b91114253d5u;
constexpr std::uint64_t kSecond = 0x4cf5ad432745937fu;

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdu;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53u;
  return value ^ (value >> 33);
}

// Up to eight bytes, the first one lowest.
std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::uint64_t mix_first(std::uint64_t k) { return std::rotl(k * kFirst, 31) * kSecond; }
std::uint64_t mix_second(std::uint64_t k) { return std::rotl(k * kSecond, 33) * kFirst; }

}  // namespace

std::string fingerprint(std::string_view text) {
  std::uint64_t a = 0, b = 0;
  std::size_t at = 0;
  for (; at + 16 <= text.size(); at += 16) {
    a = (std::rotl(a ^ mix_first(little_endian(text.substr(at, 8))), 27) + b) * 5 + 0x52dce729u;
    b = (std::rotl(b ^ mix_second(little_endian(text.substr(at + 8, 8))), 31) + a) * 5 + 0x38495ab5u;
  }
  const std::string_view tail = text.substr(at);
  if (tail.size() > 8) b ^= mix_second(little_endian(tail.substr(8)));
  if (!tail.empty()) a ^= mix_first(little_endian(tail.substr(0, 8)));
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
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return bytes.empty() ? "" : fingerprint(bytes);
}

}  // namespace einloom
