// SPDX-License-Identifier: Apache-2.0
// A text with a name, and places in it. Every value read from a document carries its Span.
// Lines and columns are 1-based; line 0 means "the whole file, no position".
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace einloom {

struct SourceFile {
  std::string path;  // as the user wrote it; printed before line:column
  std::string text;
};
using SourcePtr = std::shared_ptr<const SourceFile>;

struct Span {
  SourcePtr file;
  int line = 0;
  int column = 0;
  int length = 1;  // characters underlined, all on `line`

  // The part [offset, offset+count) of a one-line span.
  [[nodiscard]] Span part(int offset, int count) const;
};

// Largest document accepted; anything above is refused before it is read.
inline constexpr std::uintmax_t kMaxDocumentBytes = 16u << 20;

// Reads a document. UserError (codes file-missing, file-unreadable, file-is-directory, file-too-large,
// file-empty, file-binary) when that fails.
[[nodiscard]] SourcePtr read_source(const std::filesystem::path& path);

// A source that was never a file (tests, `--set key=value`).
[[nodiscard]] SourcePtr source_from_text(std::string name, std::string text);

}  // namespace einloom
