// SPDX-License-Identifier: Apache-2.0
#include "experiments/store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/diagnostic.hpp"
#include "experiments/hash.hpp"

namespace einloom {

namespace {

constexpr int kBusyTimeoutMs = 10'000;  // another run may use the same folder

class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    if (sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) != SQLITE_OK) statement_ = nullptr;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int index, const std::string& text) {
    sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  [[nodiscard]] int step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr ? ""
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

Store::Store(const std::filesystem::path& path, const Span& asked_at) : path_(path), asked_at_(asked_at) {
  const bool opened = sqlite3_open(path.c_str(), &database_) == SQLITE_OK;
  sqlite3_busy_timeout(database_, kBusyTimeoutMs);
  const char* create =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
      "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, content TEXT NOT NULL, label TEXT NOT NULL, "
      "result TEXT NOT NULL) WITHOUT ROWID;";
  if (!opened || sqlite3_exec(database_, create, nullptr, nullptr, nullptr) != SQLITE_OK) {
    const std::string reason = sqlite3_errmsg(database_);
    sqlite3_close(database_);
    throw UserError(Diagnostic{"store-unusable",
                               fmt::format("cannot use the results kept in {}: {}", path_.string(), reason),
                               asked_at_,
                               {},
                               "name another folder, or remove the file to compute everything again"});
  }
}

Store::~Store() { sqlite3_close(database_); }

void Store::fail(const std::string& doing) const {
  throw UserError(Diagnostic{"store-unusable",
                             fmt::format("cannot {} {}: {}", doing, path_.string(), sqlite3_errmsg(database_)),
                             asked_at_,
                             {},
                             "name another folder, or remove the file to compute everything again"});
}

std::optional<std::string> Store::find(const std::string& content) const {
  Statement select(database_, "SELECT result FROM results WHERE key = ?1 AND content = ?2");
  select.bind(1, fingerprint(content));
  select.bind(2, content);
  const int status = select.step();
  if (status == SQLITE_ROW) return select.text(0);
  if (status != SQLITE_DONE) fail("read");
  return std::nullopt;
}

void Store::put(const std::string& content, const std::string& label, const std::string& result) {
  Statement insert(database_, "INSERT OR REPLACE INTO results VALUES (?1, ?2, ?3, ?4)");
  insert.bind(1, fingerprint(content));
  insert.bind(2, content);
  insert.bind(3, label);
  insert.bind(4, result);
  if (insert.step() != SQLITE_DONE) fail("write to");
}

}  // namespace einloom
