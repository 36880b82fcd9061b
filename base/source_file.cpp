// SPDX-License-Identifier: Apache-2.0
// Reading documents: everything that is not a regular, small, non-empty UTF-8 text is refused with its reason.
#include "base/source_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/suggest.hpp"
#include "base/utf8.hpp"

namespace einloom {
namespace {

[[noreturn]] void refuse(const std::string& path, const char* code, std::string message, std::string help = {}) {
  Diagnostic diagnostic{code, std::move(message), Span{source_from_text(path, ""), 0, 0, 1}};
  diagnostic.help = std::move(help);
  throw UserError(std::move(diagnostic));
}

// "did you mean" among the files next to a missing one; "" when none is near.
std::string neighbour(const std::filesystem::path& path) {
  constexpr std::size_t kMostFiles = 10000;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> names;
  std::error_code problem;
  for (auto it = std::filesystem::directory_iterator(folder, problem);
       !problem && it != std::filesystem::directory_iterator() && names.size() < kMostFiles; it.increment(problem)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string nearest = nearest_name(path.filename().string(), names);
  return nearest.empty() ? "" : fmt::format("did you mean `{}`?", (path.parent_path() / nearest).string());
}

std::string mebibytes(std::uintmax_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(1u << 20));
}

// The whole stream, or nothing when it holds more than kMaxDocumentBytes (a file may grow after its size was asked).
bool read_all(std::ifstream& in, std::string& text) {
  std::string block(1u << 16, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxDocumentBytes) return false;
  }
  return true;
}

}  // namespace

Span Span::part(int offset, int count) const { return Span{file, line, column + offset, std::max(1, count)}; }

SourcePtr source_from_text(std::string name, std::string text) {
  return std::make_shared<const SourceFile>(SourceFile{std::move(name), std::move(text)});
}

SourcePtr read_source(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code problem;
  const auto status = std::filesystem::status(path, problem);
  if (status.type() == std::filesystem::file_type::not_found) {
    refuse(name, "file-missing", "no such file", neighbour(path));
  }
  if (status.type() == std::filesystem::file_type::none || status.type() == std::filesystem::file_type::unknown) {
    refuse(name, "file-unreadable", fmt::format("the file cannot be examined: {}", problem.message()));
  }
  if (std::filesystem::is_directory(status)) {
    refuse(name, "file-is-directory", "this is a directory; a file is expected here");
  }
  if (!std::filesystem::is_regular_file(status)) {
    refuse(name, "file-unreadable", "this is a device, pipe or socket; only regular files are read");
  }
  const auto size = std::filesystem::file_size(path, problem);
  if (problem) refuse(name, "file-unreadable", fmt::format("the file cannot be examined: {}", problem.message()));
  const auto refuse_size = [&](std::uintmax_t bytes) {
    refuse(name, "file-too-large",
           fmt::format("the file has {}; a document has at most {}", mebibytes(bytes), mebibytes(kMaxDocumentBytes)));
  };
  if (size > kMaxDocumentBytes) refuse_size(size);

  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(name, "file-unreadable", fmt::format("the file cannot be opened: {}", std::strerror(errno)));
  std::string text;
  if (!read_all(in, text)) refuse_size(text.size());
  if (in.bad()) refuse(name, "file-unreadable", "reading the file failed half-way");

  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (const auto at = std::min(text.find('\0'), find_invalid_utf8(text)); at != std::string::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(text[at]));
    refuse(name, "file-binary",
           fmt::format("line {} holds the byte 0x{:02x}, which is not UTF-8 text; documents are UTF-8", line, byte));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    refuse(name, "file-empty", "the file is empty; a document is expected here");
  }
  return source_from_text(name, std::move(text));
}

}  // namespace einloom
