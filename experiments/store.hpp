// SPDX-License-Identifier: Apache-2.0
// Results that outlive a run: an SQLite file that maps everything that determines a result to that result.
// Contract: every put is on disk when it returns, so a killed run loses only what was being computed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/source_file.hpp"

struct sqlite3;

namespace einloom {

class Store {
 public:
  // Opens or creates. UserError store-unusable (with `asked_at`) when the file is no such store or cannot be written.
  Store(const std::filesystem::path& path, const Span& asked_at);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // The result kept for `content`, if any.
  [[nodiscard]] std::optional<std::string> find(const std::string& content) const;
  // Keeps `result`, replacing an earlier one; `label` is for people who look into the file.
  void put(const std::string& content, const std::string& label, const std::string& result);

 private:
  [[noreturn]] void fail(const std::string& doing) const;

  std::filesystem::path path_;
  Span asked_at_;
  sqlite3* database_ = nullptr;
};

}  // namespace einloom
