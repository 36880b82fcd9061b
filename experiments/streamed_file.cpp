// SPDX-License-Identifier: Apache-2.0
#include "experiments/streamed_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/diagnostic.hpp"

namespace einloom {

StreamedFile::StreamedFile(std::filesystem::path path, Span asked_at)
    : path_(std::move(path)), beside_(path_.string() + fmt::format(".{}.part", getpid())), asked_at_(asked_at) {
  if (std::filesystem::is_directory(path_)) fail(EISDIR);
  file_ = std::fopen(beside_.c_str(), "we");
  if (file_ == nullptr) fail(errno);
}

StreamedFile::~StreamedFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  unlink(beside_.c_str());
}

void StreamedFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail(errno);
}

void StreamedFile::finish() {
  std::FILE* file = file_;
  file_ = nullptr;
  int reason = std::fflush(file) != 0 || fsync(fileno(file)) != 0 ? errno : 0;
  if (std::fclose(file) != 0 && reason == 0) reason = errno;
  if (reason == 0 && std::rename(beside_.c_str(), path_.c_str()) != 0) reason = errno;
  if (reason == 0) return;
  unlink(beside_.c_str());
  fail(reason);
}

void StreamedFile::fail(int reason) const {
  throw UserError(Diagnostic{"output-unwritable",
                             fmt::format("cannot write {}: {}", path_.string(), std::strerror(reason)),
                             asked_at_,
                             {},
                             "name a file in a folder that can be written"});
}

}  // namespace einloom
