// SPDX-License-Identifier: Apache-2.0
// A file written piece by piece that is there only when it is complete.
// Contract: written beside the target and renamed over it by finish(); an unfinished one leaves nothing behind.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/source_file.hpp"

namespace einloom {

class StreamedFile {
 public:
  // UserError output-unwritable, pointing at `asked_at`; of write() and finish(), too.
  StreamedFile(std::filesystem::path path, Span asked_at);
  ~StreamedFile();
  StreamedFile(const StreamedFile&) = delete;
  StreamedFile& operator=(const StreamedFile&) = delete;

  void write(std::string_view text);
  void finish();

 private:
  [[noreturn]] void fail(int reason) const;

  std::filesystem::path path_, beside_;
  Span asked_at_;
  std::FILE* file_ = nullptr;
};

}  // namespace einloom
