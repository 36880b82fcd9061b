// SPDX-License-Identifier: Apache-2.0
#include "experiments/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/diagnostic.hpp"

namespace einloom {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& reason, const Span& asked_at, const std::string& help) {
  throw UserError(
      Diagnostic{"output-unwritable", fmt::format("cannot write {}: {}", path.string(), reason), asked_at, {}, help});
}

}  // namespace

void make_output_folder(const fs::path& folder, const Span& asked_at) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder, error.message(), asked_at, kNameFolder);
  if (access(folder.c_str(), W_OK | X_OK) != 0) fail(folder, std::strerror(errno), asked_at, kNameFolder);
}

void write_atomically(const fs::path& path, const std::string& text, const Span& asked_at, const std::string& help) {
  const fs::path beside = path.string() + fmt::format(".{}.part", getpid());
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(path, std::strerror(errno), asked_at, help);
  int reason = 0;
  for (std::size_t done = 0; done < text.size() && reason == 0;) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) reason = errno;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  if (reason == 0 && fsync(file) != 0) reason = errno;
  close(file);
  if (reason == 0 && std::rename(beside.c_str(), path.c_str()) != 0) reason = errno;
  if (reason != 0) {
    unlink(beside.c_str());
    fail(path, std::strerror(reason), asked_at, help);
  }
}

}  // namespace einloom
